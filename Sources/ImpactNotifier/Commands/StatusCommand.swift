internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// The command `status`: shows the status page in a terminal.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows whether all is well, what the daemon does and what waits.",
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
            // The level of the form that is printed: the two were made at different moments.
            let level = output.json ? answer.level : answer.shownLevel
            guard level != .trouble else { throw ExitStatus.failure.code }
            return
        case .failure(let failure): silence = failure
        }
        let account =
            switch loaded.account {
            case .did(let did): did.text
            case .handle(let handle): handle.text
            }
        let now = SystemClock().now()
        var figures: LedgerOverview?
        // Before the daemon's first start there is no ledger, and that is all there is to say.
        if try loaded.enterState() {
            figures = try await loaded.withLedger { ledger throws(LedgerError) in try await ledger.overview(at: now) }
        }
        let page = StatusFacts(
            now: now,
            account: account,
            rules: loaded.delivery.rules.map(\.name),
            namesPeople: true,
            daemon: .failure(silence),
            overview: figures.map { (figures: $0, age: .zero) }
        ).page
        output.show(
            ["health": page.healthJSON, "pipeline": .null, "stream": .null, "session": .null],
            [String(page.text.dropLast())]
        )
        throw ExitStatus.unavailable.code
    }

    /// The daemon's answers.
    struct Answer {
        /// The level by `/status`.
        let level: StatusPage.Level
        /// The level by `/`.
        let shownLevel: StatusPage.Level
        /// The answer of `/status`.
        let json: JSONValue
        /// The answer of `/`, without its last line end.
        let text: String

        /// The answers of a daemon of this configuration; any other program may listen at its address.
        ///
        /// - Throws: ``StatusFacts/Silence`` when another program answers.
        init(
            json: String,
            text: String,
            from address: StatusAddress,
            of account: ATURI.Authority
        ) throws(StatusFacts.Silence) {
            self.json = (try? JSONValue(parsing: json)) ?? .null
            self.text = String(text.dropLast())
            guard let level = self.json["health"]?["level"]?.string.flatMap(StatusPage.Level.init(rawValue:)),
                let shown = StatusPage.Level(rawValue: text.prefix { $0 != ":" }.lowercased())
            else {
                throw StatusCommand.silence(
                    "What answers on \(address) is not this program, or another version of it.",
                    "Restart the daemon, or change status.listen."
                )
            }
            (self.level, shownLevel) = (level, shown)
            guard case .did(let did) = account, let other = self.json["session"]?["account"]?.string, other != did.text
            else { return }
            throw StatusCommand.silence(
                "The daemon on \(address) is another one: it serves \(other).",
                "Change status.listen."
            )
        }
    }

    /// Asks the daemon.
    private static func ask(_ configuration: Configuration) throws(StatusFacts.Silence) -> Answer {
        guard let address = configuration.status.address else {
            throw silence("The daemon was not asked, for status.listen is off.", "Set it to see stream and session.")
        }
        let json: String
        let text: String
        do throws(StatusError) {
            let client = StatusClient(address: address)
            json = try client.get("/status")
            text = try client.get("/")
        } catch {
            let process = Ledger.daemon(in: configuration.stateDirectory)
            let advice =
                process.map { "Process \($0) has the state in use: its log says what it does." }
                ?? "No daemon runs. Start it with 'systemctl start \(Instance.unit())' or 'impact-notifier run'."
            throw silence("The daemon does not answer: \(error).", advice)
        }
        return try Answer(json: json, text: text, from: address, of: configuration.account)
    }

    private static func silence(_ sentence: String, _ advice: String) -> StatusFacts.Silence {
        StatusFacts.Silence(finding: .init(level: .trouble, sentence: sentence, advice: advice))
    }
}
