internal import ATProtocol
internal import ArgumentParser
internal import Backfill
internal import Firehose
internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier
internal import Synchronization

/// The command `sweep`, which looks for change requests that the stream did not bring.
struct Sweep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks for change requests that the stream did not bring, at their authors' servers.",
        discussion: """
            Asks a relay who writes to the rules' collections, then each author's server for what was written since then, \
            and compares with the ledger. What is missing is left to the daemon: it sweeps the same time again within a \
            minute, and what it finds goes the usual way. The daemon does this by itself after every gap of the stream.

            What was written up to policy.maximum_age before is looked for, too: it may have arrived late. The status is 69 when \
            there was nobody to ask or nobody answered, and 75 when somebody did not, or not for everything.

            Nobody lists who writes to a namespace (org.example.*): of one, only the collections are looked for of which the \
            ledger has seen records, or which a rule names. The output names them.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    @Option(help: ArgumentHelp("Since when: 36h, 7d, or 2026-11-22T19:00:00Z.", valueName: "time"))
    var since: String

    @Flag(help: "Only look; hand nothing to the daemon.")
    var dryRun = false

    @OptionGroup var output: OutputOption

    func run() async throws {
        let loaded = try configuration.load().configuration
        LogOutput.bootstrap(format: loaded.log.format, level: .critical)
        let now = SystemClock().now()
        guard let from = Self.time(since, now: now), from < now else {
            throw ValidationError("--since is a duration such as 36h, or a past time such as 2026-11-22T19:00:00Z.")
        }
        guard now - from <= loaded.delivery.sending.retention else {
            throw ValidationError("--since is before what sending.retention remembers: owners would be told again.")
        }
        let backfill = NetworkServices(loaded, logger: Logger(label: "sweep")).backfill(for: loaded)
        var report = SweepReport()
        let passedOver = Atomic(0)
        try await loaded.withLedger { ledger throws(LedgerError) in
            let knowledge = try await ledger.stream.sweepKnowledge()
            report = await backfill.run(over: from.microseconds...now.microseconds, by: knowledge) { uri in
                (try? await ledger.stream.knows(uri)) ?? false
            } waiting: { pair in
                (try? await ledger.stream.waiting(of: pair)) ?? []
            } deliver: { [rules = loaded.delivery.rules, output] _, events, _ in
                for event in events {
                    if rules.passOver(event) {
                        passedOver.add(1, ordering: .relaxed)
                    } else if let (uri, finding) = Self.finding(event) {
                        output.show(["uri": .string(uri.text), "finding": .string(finding)], ["\(finding): \(uri)"])
                    }
                }
            }
            // The daemon would ignore these.
            report.found -= passedOver.load(ordering: .relaxed)
            for failure in report.failures {
                StandardOutput.printError("\(failure.isPart ? "read in part" : "not asked"): \(failure)")
            }
            for (pattern, beginning) in knowledge.beginnings.sorted(by: { $0.key.text < $1.key.text })
            where beginning > from.microseconds {
                let since = UnixTime(microseconds: beginning)
                output.show(
                    ["collection": .string(pattern.text), "since": .string(Timestamp.rfc3339(since))],
                    ["\(pattern) was looked for since \(since), when a rule for it began"]
                )
            }
            for namespace in report.namespaces {
                let collections = namespace.collections.map { JSONValue.string($0.text) }
                output.show(
                    ["namespace": .string(namespace.pattern.text), "collections": .array(collections)],
                    [namespace.description]
                )
            }
            let isLeft = !dryRun && (report.found + report.changed > 0 || !report.onlyLacksAuthors)
            output.show(report.json(isLeft: isLeft), [report.line])
            guard isLeft else { return }
            let gap = StreamGap(
                host: "operator",
                wire: .jetstream2,
                from: from.microseconds,
                until: now.microseconds,
                reason: .operatorRequest
            )
            try await ledger.stream.declare(gap, at: SystemClock().now())
            guard !output.json else { return }
            StandardOutput.print(
                "handed to the daemon, which looks again within a minute and goes on until all have answered"
            )
        }
        // Empty lists alone are no answer, and an unknown namespace was not searched.
        guard report.checked > 0 else { throw ExitStatus.unavailable.code }
        guard report.onlyLacksAuthors else { throw ExitStatus.temporaryFailure.code }
    }

    /// What was found about one record.
    private static func finding(_ event: StreamEvent) -> (uri: ATURI, finding: String)? {
        guard case .commit(let commit) = event.body, let uri = event.recordURI else { return nil }
        return switch commit.operation {
        case .create: (uri, "unknown")
        case .update: (uri, "changed")
        case .delete: (uri, "gone")
        }
    }

    private static func time(_ text: String, now: UnixTime) -> UnixTime? {
        if let duration = DurationText.parse(text) { return max(UnixTime(microseconds: 0), now - duration) }
        return (try? Datetime(text))?.time
    }
}

extension [Rule] {
    /// Whether an unknown record concerns none of these rules: no condition holds, or they take only updates.
    fileprivate func passOver(_ event: StreamEvent) -> Bool {
        guard case .commit(let commit) = event.body, commit.operation == .create, let record = commit.record else {
            return false
        }
        let rule = first { $0.covers(commit.collection) && $0.matches(record) }
        return rule.map { !$0.operations.contains(.create) } ?? true
    }
}

extension SweepReport {
    /// The result for people.
    fileprivate var line: String {
        "\(checked) of \(authors) authors asked; \(found) unknown, \(known) known already, \(changed) changed or gone"
    }

    /// The result for programs, including whether the daemon goes on with it.
    fileprivate func json(isLeft: Bool) -> JSONValue {
        [
            "authors": .integer(Int64(authors)), "asked": .integer(Int64(checked)), "unknown": .integer(Int64(found)),
            "known": .integer(Int64(known)), "changed": .integer(Int64(changed)), "left_to_daemon": .bool(isLeft),
        ]
    }
}
