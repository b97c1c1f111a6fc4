internal import ATProtocol
internal import ArgumentParser
internal import Logging
internal import Network
internal import Notifier

/// The command `doctor`: what works, what does not, and what to do about it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks every step from the configuration to the chat service, one line each.",
        discussion: """
            configuration → state directory → identity of the sender → session → account → scope → proxy → chat → streams. \
            Ends with status 0 when nothing failed, else with 1. --send-to sends one real message.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @Option(
        name: .customLong("send-to"),
        help: ArgumentHelp("Also send one real test message to this account.", valueName: "handle-or-did")
    )
    var recipient: String?

    @OptionGroup var output: OutputOption

    func run() async throws {
        let loaded = try configuration.load().configuration
        LogOutput.bootstrap(format: loaded.log.format, level: .critical)
        let logger = Logger(label: "doctor")
        let services = NetworkServices(loaded, logger: logger)
        let doctor = Doctor(configuration: loaded, services: services, logger: logger)
        var findings = await doctor.examine { output.show($0.json, $0.lines) }
        if let recipient {
            let finding = await TestMessage(configuration: loaded, services: services).send(to: recipient)
            output.show(finding.json, finding.lines)
            findings.append(finding)
        }
        if findings.contains(where: { $0.grade == .failure }) { throw ExitStatus.failure.code }
    }
}

extension DoctorFinding {
    /// The finding as an object.
    fileprivate var json: JSONValue {
        [
            "step": .string(step), "grade": .string(grade.rawValue.lowercased()), "found": .string(found),
            "advice": advice.map { .string($0) } ?? .null,
        ]
    }
}
