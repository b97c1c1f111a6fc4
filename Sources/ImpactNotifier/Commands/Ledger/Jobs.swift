internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// The command `jobs`: what is on its way, what is not, and why.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists jobs (a request for one recipient), shows, retries or drops them.",
        discussion: "Works while the daemon runs, which takes note within five seconds.",
        subcommands: [List.self, Show.self, Retry.self, Drop.self, Move.self],
        defaultSubcommand: List.self
    )

    /// The command `jobs list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists jobs, the latest first.")

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var filter: JobFilterOption
        @Option(help: "How many at most.") var limit = 50
        @OptionGroup var output: OutputOption

        func validate() throws { try Limit.check(limit) }

        func run() async throws {
            let configuration = try configuration.load().configuration
            let now = SystemClock().now()
            let filter = try await filter.filter(by: configuration, now: now)
            // One more than is shown, to see whether there are more.
            let jobs = try await configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.desk.jobs(like: filter, limit: limit + 1)
            }
            output.list(
                Array(jobs.prefix(limit)),
                none: filter.isEmpty ? "There are no jobs yet." : "No job matches the filter.",
                header: Job.header,
                row: { $0.row(now: now) },
                object: \.json
            )
            guard jobs.count > limit, !output.json else { return }
            StandardOutput.printError("There are more than \(limit): --limit shows them.")
        }
    }

    /// The command `jobs show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the jobs of one change request.")

        @OptionGroup var configuration: ConfigurationOption
        @Argument(help: RequestArgument.help, transform: RequestArgument.parse) var uri: ATURI
        @OptionGroup var output: OutputOption

        func run() async throws {
            let configuration = try configuration.load().configuration
            let uri = try await uri.withDID(by: configuration)
            let jobs = try await configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.desk.jobs(about: uri)
            }
            let now = SystemClock().now()
            for job in jobs { output.show(job.json, job.lines(now: now)) }
            guard jobs.isEmpty else { return }
            throw ExitStatus.failure.saying(
                "The ledger knows nothing about \(uri); 'impact-notifier explain' may say why."
            )
        }
    }

    /// The command `jobs retry`.
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Retries the jobs of a change request, or all that a filter names.",
            discussion: """
                A message that may have arrived is looked for in the conversation first, and sent again only if it is not \
                there. When the record was deleted, the author's repository must prove that it is there all the same.

                With a filter it says how many jobs that concerns, and asks; without a terminal --yes is needed.
                """
        )

        @OptionGroup var decision: DecisionOption

        func run() async throws { try await decision.carryOut(.retry) }
    }

    /// The command `jobs drop`.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drops the jobs of a change request, or all that a filter names: nothing more is sent.",
            discussion:
                "With a filter it says how many jobs that concerns, and asks; without a terminal --yes is needed."
        )

        @OptionGroup var decision: DecisionOption

        func run() async throws { try await decision.carryOut(.drop) }
    }

    /// The command `jobs move`.
    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts the requests of a renamed rule under its new name.",
            discussion: """
                What waits for the old rule, or was dropped because it is gone, is looked up again under the new one. Give \
                the same name twice to bring back what was dropped while the rule was missing.
                """
        )

        @OptionGroup var configuration: ConfigurationOption
        @Argument(help: "The rule's old name.") var old: String
        @Argument(help: "The name of a rule in the configuration.") var new: String
        @OptionGroup var output: OutputOption

        func run() async throws {
            let configuration = try configuration.load().configuration
            let rules = configuration.delivery.rules.map(\.name)
            guard rules.contains(new) else {
                let objection = Suggestion.objection(to: new, as: "rule", among: rules)
                throw ExitStatus.configuration.saying("In the configuration \(objection)")
            }
            let count = try await configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.desk.move(rule: old, to: new, now: SystemClock().now())
            }
            guard count > 0 else {
                throw ExitStatus.failure.saying(
                    "Nothing to do: no request waits for a rule '\(old)', or was dropped because it is gone."
                )
            }
            output.show(
                ["from": .string(old), "to": .string(new), "moved": .integer(Int64(count))],
                ["\(count) request\(count == 1 ? "" : "s") of '\(old)' put under '\(new)'."]
            )
        }
    }
}

/// The most entries of a list.
enum Limit {
    /// Refuses a limit that is not a positive number.
    static func check(_ limit: Int) throws {
        guard !(1...1_000_000_000).contains(limit) else { return }
        throw ValidationError("--limit is a number from 1 on")
    }
}
