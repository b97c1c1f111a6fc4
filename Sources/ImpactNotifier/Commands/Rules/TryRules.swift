internal import ATProtocol
internal import ArgumentParser
internal import Firehose
internal import Logging
internal import Network
internal import Notifier

/// The command `rules try`, which shows step by step what each rule makes of one record.
struct TryRules: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Shows step by step what each rule makes of a record; sends nothing.",
        discussion: """
            The record is read from its author's server, or from a file: a record as JSON, or the answer of getRecord, which \
            has its AT-URI. Then the rules are asked in their order, the owner is looked up as the daemon does it, and the \
            message is printed that would be sent. Whether the owner follows the sender, limits and the suppression list are \
            not looked at.
            """
    )

    @OptionGroup var configuration: ConfigurationOption
    @Option(help: ArgumentHelp("Who wrote the record of a file that does not say.", valueName: "did"))
    var author = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    @Argument(help: "An AT-URI, or a file with a record.") var record: String
    @OptionGroup var output: OutputOption

    func run() async throws {
        let loaded = try configuration.load().configuration
        LogOutput.bootstrap(format: loaded.log.format, level: .critical)
        let services = NetworkServices(loaded, logger: Logger(label: "rules"))
        let sender: DID? = if case .did(let did) = loaded.account { did } else { nil }
        let network = (services.identities, services.http)
        let reader = DryRun(configuration: loaded.delivery, sender: sender, network: network)
        let (uri, value) = try await read(with: reader)
        let ledger = await ledger(of: loaded)
        var dryRun = DryRun(configuration: loaded.delivery, sender: sender, network: network, ledger: ledger)
        output.show(["uri": .string(uri.text)], ["\(uri)"])
        guard let did = uri.did, let collection = uri.collection, let key = uri.recordKey else {
            throw ValidationError("\(uri) does not name a record of an account by its DID")
        }
        var first: Rule?
        for rule in loaded.delivery.rules {
            let (found, applies) = rule.report(on: collection, value)
            var steps = found
            if applies, let first { steps.append("does not count: \(first.name) stands before it") }
            output.show(
                [
                    "rule": .string(rule.name), "applies": .bool(applies), "counts": .bool(applies && first == nil),
                    "steps": .array(steps.map { .string($0) }),
                ],
                ["rule \(rule.name)"] + steps.map { "  \($0)" }
            )
            if applies { first = first ?? rule }
        }
        guard let first else {
            output.show(["told": false], ["No rule applies: nobody would be told."])
            throw ExitStatus.failure.code
        }
        let operation = first.operations.contains(.create) ? StreamEvent.Commit.Operation.create : .update
        if operation == .update, !output.json { StandardOutput.print("  is for updates alone: taken for one") }
        let outcomes = await dryRun.take(StreamEvent(of: did, operation, collection, key, value))
        let isLookedUp = outcomes.contains { !$0.steps.isEmpty }
        if isLookedUp, !output.json { StandardOutput.print("looked up") }
        for outcome in outcomes { output.show(outcome.json, outcome.steps.map { "  \($0)" } + outcome.lines) }
        let isTold = outcomes.contains { if case .message = $0.end { true } else { false } }
        if !isTold { throw ExitStatus.failure.code }
    }

    /// The daemon's ledger, which knows earlier confirmations of an index's claims; nil when no daemon was started yet.
    private func ledger(of configuration: Configuration) async -> Ledger? {
        do {
            guard try configuration.enterState() else { return nil }
            return try await Ledger.openForCommand(in: configuration.stateDirectory)
        } catch {
            StandardOutput.printError("The ledger is left out, and with it whom the daemon knows as owners: \(error)")
            return nil
        }
    }

    private func read(with dryRun: DryRun) async throws -> (ATURI, JSONValue) {
        if record.hasPrefix("at://") {
            let uri = try RequestArgument.parse(record)
            do throws(Refusal) { return try await dryRun.fetch(uri) } catch {
                StandardOutput.printError("\(record) cannot be read: \(error.detail) (\(error.reason.rawValue))")
                let isAway = [.connectionFailed, .identityUnavailable, .projectUnavailable, .hostPaused].contains(
                    error.reason
                )
                throw (isAway ? ExitStatus.unavailable : .noInput).code
            }
        }
        let file = try RecordFile(path: record)
        if let uri = file.uri { return (uri, file.record) }
        guard let type = file.record["$type"]?.string, let collection = try? NSID(type) else {
            throw ValidationError("\(record) has no collection for its $type, and is no answer of getRecord either")
        }
        return (ATURI(try DID(author), collection, try RecordKey("3laaaaaaaaaaa")), file.record)
    }
}

extension StreamEvent {
    /// An event for a record as if it had been written just now.
    init(of did: DID, _ operation: Commit.Operation, _ collection: NSID, _ key: RecordKey, _ record: JSONValue) {
        let now = SystemClock().now().microseconds
        let commit = Commit(
            operation: operation,
            collection: collection,
            recordKey: key,
            rev: TID(microseconds: UInt64(clamping: now), clock: 0).text,
            cid: "unknown",
            record: record
        )
        self.init(
            position: StreamPosition(host: "file", wire: .jetstream2, value: 0, witnessed: now),
            did: did,
            body: .commit(commit)
        )
    }
}
