internal import ArgumentParser
internal import Glibc
internal import Network

/// The program: a sub-command for each task of an operator.
@main
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "impact-notifier",
        abstract:
            "Tells the owners of projects, by Bluesky DM, that somebody wrote a change request for their project.",
        discussion: """
            Start with 'init', which leads to 'login', 'doctor' and 'run'. The configuration is a YAML file: --config FILE, \
            else $IMPACT_NOTIFIER_CONFIG, else $CONFIGURATION_DIRECTORY/impact-notifier.yaml, else \
            /etc/impact-notifier/impact-notifier.yaml.
            """,
        version: BuildInformation.version,
        subcommands: [
            Setup.self, Check.self, Login.self, Logout.self, SessionCommand.self, ClientCommand.self,
            DoctorCommand.self,
            Run.self, StatusCommand.self, Reload.self, Replay.self, Sweep.self, Jobs.self, Explain.self,
            Quarantine.self, Suppress.self, Recipients.self,
            TemplateCommand.self,
            RulesCommand.self,
            HealthCheck.self,
        ]
    )

    // Here and in each command, so that it may be given before or after a command's name.
    @OptionGroup var configuration: ConfigurationOption

    static func main() async {
        // Before any command reads its first secret.
        ProcessHardening.apply()
        ServiceUser.nameProcess()
        OpenSSLLifetime.extendToTheEnd()
        do { try await perform() } catch { end(with: error) }
        let status = StandardOutput.status(instead: .success)
        if status != .success { Glibc.exit(status.rawValue) }
    }

    /// Runs the command that the command line names, in place of the library.
    @concurrent private static func perform() async throws {
        var command = try await asyncParseAsRoot()
        guard var asynchronous = command as? any AsyncParsableCommand else { return try command.run() }
        try await asynchronous.run()
    }

    /// Ends the program with an error's text and status.
    private static func end(with error: any Error) -> Never {
        let status = ExitStatus(rawValue: exitCode(for: error).rawValue)
        let text = fullMessage(for: error)
        if status == .success {
            // Help texts and completion scripts are printed byte for byte.
            StandardOutput.write(Array("\(text)\n".utf8))
        } else {
            let words = Array(CommandLine.arguments.dropFirst())
            let sentence = status == .usage ? UnknownCommand.sentence(about: words) ?? text : text
            if !sentence.isEmpty { StandardOutput.printError(sentence) }
        }
        Glibc.exit(StandardOutput.status(instead: status).rawValue)
    }
}
