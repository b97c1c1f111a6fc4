internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// `status`: the page for people, in a terminal.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tells how the daemon is, what it does and what waits.",
        discussion: """
            Asks the running daemon at status.listen, which shows the same to a browser. When none answers, it tells what the \
            ledger knows; of stream and session it knows nothing then. --json prints what the daemon serves as /status.

            Exit status: 0 when all is well or there is only something to know; 1 when something is wrong; 69 when no daemon \
            answers.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @OptionGroup var output: OutputOption

    func run() async throws {
        let loaded = try configuration.load().configuration
        let silence: StatusFacts.Silence
        switch Result(catching: { () throws(StatusFacts.Silence) in try Self.ask(loaded) }) {
        case .success(let answer):
            output.show(answer.json, [answer.text])
            guard answer.level != .trouble else { throw ExitCode(ExitStatus.failure.rawValue) }
            return
        case .failure(let failure): silence = failure
        }
        let account =
            switch loaded.account {
            case .did(let did): did.text
            case .handle(let handle): handle.text
            }
        let now = SystemClock().now()
        let figures = try await loaded.withLedger { ledger throws(LedgerError) in try await ledger.overview(at: now) }
        let page = StatusFacts(
            now: now,
            account: account,
            rules: loaded.delivery.rules.map(\.name),
            namesPeople: true,
            daemon: .failure(silence),
            overview: (figures: figures, age: .zero)
        ).page
        output.show(
            ["health": page.healthJSON, "pipeline": .null, "stream": .null, "session": .null],
            [String(page.text.dropLast())]
        )
        throw ExitCode(ExitStatus.unavailable.rawValue)
    }

    private struct Answer {
        let level: StatusPage.Level?
        let json: JSONValue
        let text: String
    }

    /// What the daemon says of itself.
    private static func ask(_ configuration: Configuration) throws(StatusFacts.Silence) -> Answer {
        guard let address = configuration.status.address else {
            throw silence("The daemon was not asked, for status.listen is off.", "Set it to see stream and session.")
        }
        let json: String
        let text: String
        do throws(StatusFailure) {
            let client = StatusClient(address: address)
            json = try client.get("/status")
            text = try client.get("/")
        } catch {
            let process = Ledger.daemon(in: configuration.stateDirectory)
            let advice =
                process.map { "Process \($0) has the state in use: its log says what it does." }
                ?? "None has the state in use. “systemctl start impact-notifier” starts it, or “impact-notifier run”."
            throw silence("The daemon does not tell how it is: \(error).", advice)
        }
        let status = (try? JSONValue(parsing: json)) ?? .null
        if case .did(let did) = configuration.account, let account = status["session"]?["account"]?.string,
            account != did.text
        {
            throw silence("The daemon on \(address) is another one: it serves \(account).", "Change status.listen.")
        }
        let level = status["health"]?["level"]?.string.flatMap { StatusPage.Level(rawValue: $0) }
        return Answer(level: level, json: status, text: String(text.dropLast()))
    }

    private static func silence(_ sentence: String, _ advice: String) -> StatusFacts.Silence {
        StatusFacts.Silence(finding: .init(level: .trouble, sentence: sentence, advice: advice))
    }
}
