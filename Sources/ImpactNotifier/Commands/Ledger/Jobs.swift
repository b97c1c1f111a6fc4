internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// `jobs`: what is on its way, what is not, and why.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists change requests, shows one, tries one again or drops it.",
        discussion: "Works beside a running daemon, which takes note within five seconds.",
        subcommands: [List.self, Show.self, Retry.self, Drop.self, Move.self],
        defaultSubcommand: List.self
    )

    /// The command `jobs list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists jobs, the latest first.")

        @OptionGroup var ledger: LedgerOption
        @Option(
            help: "Only jobs of this state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: JobState.named
        )
        var state: JobState?
        @Option(help: "Only jobs that stand where they do for this reason.", transform: Reason.named)
        var reason: Reason?
        @Option(help: "At most so many.") var limit = 50
        @Flag(help: "One JSON object a line.") var json = false

        func run() async throws {
            try await ledger.withLedger { ledger throws(LedgerError) in
                for job in try await ledger.desk.jobs(in: state, for: reason, limit: limit) {
                    StandardOutput.print(json ? job.json.encodedText : job.line(now: SystemClock().now()))
                }
            }
        }
    }

    /// The command `jobs show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the jobs of one change request.")

        @OptionGroup var ledger: LedgerOption
        @Argument(help: "The change request's AT-URI.", transform: { try ATURI($0) }) var uri: ATURI
        @Flag(help: "One JSON object a line.") var json = false

        func run() async throws {
            var isKnown = false
            try await ledger.withLedger { ledger throws(LedgerError) in
                for job in try await ledger.desk.jobs(about: uri) {
                    isKnown = true
                    if json {
                        StandardOutput.print(job.json.encodedText)
                    } else {
                        for line in job.lines(now: SystemClock().now()) { StandardOutput.print(line) }
                    }
                }
            }
            guard isKnown else {
                StandardOutput.printError("The ledger knows nothing about \(uri).")
                throw ExitCode(ExitStatus.failure.rawValue)
            }
        }
    }

    /// The command `jobs retry`.
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tries a change request again.",
            discussion: """
                A message that may have arrived is looked for in the conversation first, and sent once more only when it is \
                not there.
                """
        )

        @OptionGroup var decision: DecisionOption

        func run() async throws { try await decision.carryOut(.retry) }
    }

    /// The command `jobs drop`.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sends nothing more about a change request.")

        @OptionGroup var decision: DecisionOption

        func run() async throws { try await decision.carryOut(.drop) }
    }

    /// The command `jobs move`.
    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts the requests of a rule that was renamed under its new name.",
            discussion: """
                What waits for the old rule, or was dropped because it is gone, is looked up anew under the new one. The same \
                name twice brings back what was dropped while the rule was missing.
                """
        )

        @OptionGroup var ledger: LedgerOption
        @Argument(help: "The rule's name until now.") var old: String
        @Argument(help: "The name of a rule in the configuration.") var new: String

        func run() async throws {
            let rules = try ledger.configuration.load().configuration.delivery.rules.map(\.name)
            guard rules.contains(new) else {
                StandardOutput.printError("There is no rule “\(new)”; there are \(rules.joined(separator: ", ")).")
                throw ExitCode(ExitStatus.configuration.rawValue)
            }
            try await ledger.withLedger { ledger throws(LedgerError) in
                let count = try await ledger.desk.move(rule: old, to: new, now: SystemClock().now())
                StandardOutput.print("\(count) request\(count == 1 ? "" : "s") of “\(old)” put under “\(new)”.")
            }
        }
    }
}

/// What `jobs retry` and `jobs drop` have in common.
struct DecisionOption: ParsableArguments {
    @OptionGroup var ledger: LedgerOption
    @Argument(help: "The change request's AT-URI.", transform: { try ATURI($0) }) var uri: ATURI
    @Flag(help: "One JSON object a line.") var json = false

    func carryOut(_ action: OperatorDesk.Decision) async throws {
        var count = 0
        try await ledger.withLedger { ledger throws(LedgerError) in
            let now = SystemClock().now()
            for job in try await ledger.desk.carryOut(action, about: uri, now: now) {
                count += 1
                StandardOutput.print(json ? job.json.encodedText : job.line(now: now))
                if action == .drop, !json, let fate = job.state.fateWhenCalledOff { StandardOutput.print("  " + fate) }
            }
        }
        guard count == 0 else { return }
        StandardOutput.printError("Nothing to do: \(uri) is not in the ledger, or not in a state for that.")
        throw ExitCode(ExitStatus.failure.rawValue)
    }
}

extension JobState {
    /// What becomes of a message that was called off too late; nil when none is under way.
    fileprivate var fateWhenCalledOff: String? {
        switch self {
        case .sending, .verify:
            "What is under way cannot be called back: the conversation is read, and if it is not there it is not sent again."
        case .posting: "The post that is under way cannot be called back; if it failed it is not tried again."
        default: nil
        }
    }

    /// The state of a name on the command line.
    @Sendable fileprivate static func named(_ name: String) throws -> JobState {
        guard let state = JobState(rawValue: name) else { throw ValidationError("there is no state “\(name)”") }
        return state
    }
}

extension Reason {
    /// The reason of a code on the command line.
    @Sendable fileprivate static func named(_ code: String) throws -> Reason {
        guard let reason = Reason(rawValue: code) else { throw ValidationError("there is no reason “\(code)”") }
        return reason
    }
}
