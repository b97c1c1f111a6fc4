import ATProtocol
import Crypto
import Firehose
import FoundationEssentials
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// A pipeline between a scripted stream and a scripted chat.
struct World {
    static let sender = did("senderaaaaaaaaaaaaaaaaaa")
    static let author = did("authoraaaaaaaaaaaaaaaaaa")
    static let owner = did("owneraaaaaaaaaaaaaaaaaaa")

    /// The account whose DID begins with a name of lower-case letters and digits.
    static func did(_ name: String) -> DID {
        let padded = (name + String(repeating: "a", count: 24)).prefix(24)
        guard let did = try? DID("did:plc:\(padded)") else {
            Issue.record("“\(name)” does not begin a DID")
            return World.did("nobody")
        }
        return did
    }

    /// A rule whose messages have a link on a line of its own.
    static func rule(
        name: String = "issues",
        collections: [String] = ["com.example.change.request"],
        message: String = "{{record.title}} for {{project.name}}"
    ) throws -> Rule {
        var text = RuleText(
            name: name,
            collections: collections,
            references: .init(["subject.uri", "subject"]),
            message: message
        )
        text.projectCollections = ["com.example.project"]
        text.link = "https://example.com/{{author.did}}/{{request.rkey}}"
        return try Rule(text)
    }

    static func configuration() throws -> NotifierConfiguration {
        var configuration = NotifierConfiguration(rules: [try rule()])
        configuration.policy.recipients = .anyone
        configuration.policy.ownerHourlyLimit = 1_000_000
        configuration.policy.ownerDailyLimit = 1_000_000
        configuration.policy.authorHourlyLimit = 1_000_000
        configuration.policy.authorBurst = 1_000_000
        configuration.sending.interval = .zero
        configuration.sending.hesitation = .zero
        configuration.sending.settle = .zero
        configuration.sending.firstWait = .zero
        configuration.sending.firstLimitWait = .zero
        configuration.sending.probeInterval = .zero
        configuration.sending.answersInterval = nil
        configuration.sending.dailyLimit = 1_000_000
        configuration.lookup.firstWait = .zero
        configuration.digest.maximumListed = 1
        return configuration
    }

    var directory: TemporaryDirectory
    let clock = ManualClock()
    var chat = ScriptedChat(account: sender)
    var configuration: NotifierConfiguration
    var identities = FixedIdentities()
    var http = ScriptedClient.world()
    var logger = Logger.silent
    var sleeper: any Clock<Duration> = ContinuousClock()
    /// What pipelines of one account take turns by.
    var turnName: String?
    /// What nothing sets; nil for the clock itself.
    var steadyClock: ManualClock?
    /// Whether the network's time is never behind the clock's.
    var networkAgrees = true

    init() throws {
        directory = try TemporaryDirectory()
        configuration = try Self.configuration()
    }

    /// Runs a pipeline over batches until every job is at rest; or until the jobs stand so, and where it
    /// matters until all that were due were looked up or offered to the sender, and wait.
    func run(
        _ batches: [StreamBatch],
        untilNothingIsDue: Bool = false,
        isDone: @escaping @Sendable ([JobState: Int]) -> Bool = World.isAtRest
    ) async throws {
        let ledger = try await Self.ledger(in: directory)
        if networkAgrees { try await ledger.letNetworkAgree() }
        let batchQueue = BatchQueue()
        for batch in batches { #expect(batchQueue.offer(batch)) }
        let pipeline = pipeline(ledger, batchQueue)
        let last = batches.last?.position?.position.value
        let running = Task { try await pipeline.run() }
        let isReached = try await ledger.stands { ledger in
            let read = try await ledger.stream.positions().map(\.position.value)
            let counts = try await ledger.desk.counts()
            guard last.map(read.contains) ?? true, isDone(counts) else { return false }
            guard untilNothingIsDue else { return true }
            let queue = ledger.queue(Timetable(configuration))
            for due in [try await queue.nextDue(), try await queue.nextLookup()] {
                if let due, due <= clock.now() { return false }
            }
            return true
        }
        #expect(isReached, "the jobs did not come to rest")
        await pipeline.drain()
        try await running.value
    }

    /// Runs a pipeline over a batch until that is so, it ends by itself, or the time is over; then looks through the file.
    func run(
        _ batch: StreamBatch,
        within timeout: Duration,
        isDone: @escaping @Sendable () -> Bool
    ) async throws(LedgerError) {
        let ledger = try await Self.ledger(in: directory)
        try await ledger.letNetworkAgree()
        let batchQueue = BatchQueue()
        #expect(batchQueue.offer(batch))
        let pipeline = pipeline(ledger, batchQueue)
        let (endings, ended) = AsyncStream.makeStream(of: LedgerError?.self)
        let running = Task {
            do throws(LedgerError) {
                try await pipeline.run()
                ended.yield(nil)
            } catch { ended.yield(error) }
            ended.finish()
        }
        let deadline = ContinuousClock.now + timeout
        let watching = Task {
            while !isDone(), ContinuousClock.now < deadline, !Task.isCancelled { await Task.yield() }
            await pipeline.drain()
        }
        var failure: LedgerError?
        for await ending in endings { failure = ending }
        watching.cancel()
        await running.value
        if let failure { throw failure }
        try await ledger.examine()
    }

    /// Runs a pipeline until somebody else was told, which is after everything that was written was read.
    func run(untilToldOf number: Int) async throws {
        let other = World.did("other" + String(repeating: "x", count: number))
        try await run([World.batch(try World.event(number, for: other, at: clock))])
    }

    /// Runs a pipeline without any event until it ends by itself.
    func runToItsEnd() async throws {
        try await pipeline(try await Self.ledger(in: directory), BatchQueue()).run()
    }

    private func pipeline(_ ledger: Ledger, _ batchQueue: BatchQueue) -> Pipeline {
        Pipeline(
            configuration: configuration,
            ledger: ledger,
            session: chat,
            identities: identities,
            http: http,
            batchQueue: batchQueue,
            wallClock: clock,
            steadyClock: steadyClock,
            clock: sleeper,
            turnName: turnName,
            logger: logger
        )
    }

    /// What the log says when the chat's log was given up, and answers were read in the conversations.
    static let answersReadElsewhere =
        "the chat service's log does not go back far enough; answers were read from the conversations instead"

    /// A world in which an owner was told of a request, and the chat's log is read.
    static func told(_ log: LogRecorder) async throws -> World {
        var world = try World()
        world.logger = log.logger
        world.configuration.sending.answersInterval = .seconds(60)
        world.configuration.policy.maximumAge = .seconds(30 * 86_400)
        try await world.run([batch(try event(1, at: world.clock))])
        return world
    }

    /// The ledger of a daemon, when the one before has let it go: a task that has ended keeps what it held for a moment.
    static func ledger(in directory: TemporaryDirectory) async throws(LedgerError) -> Ledger {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do throws(LedgerError) { return try await Ledger.open(directory: directory.path, access: .daemon) } catch {
                guard error.code == .inUse, ContinuousClock.now < deadline else { throw error }
            }
            await Task.yield()
        }
    }

    /// Waits until nobody has the ledger open, so that its files may be copied or replaced: whoever closes it last takes
    /// its log away.
    func untilClosed() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while FileManager.default.fileExists(atPath: directory.file("ledger.sqlite-wal")) {
            try #require(ContinuousClock.now < deadline, "the ledger stays open")
            await Task.yield()
        }
    }

    static func isAtRest(_ counts: [JobState: Int]) -> Bool {
        !counts.isEmpty && counts.keys.allSatisfy { $0.isFinal || $0 == .deferred }
    }

    /// Gives it a key of the marks that is older than everything.
    func keepOldKey() throws {
        try directory.write(Base64.encode([UInt8](repeating: 7, count: 32)) + "\n0\n", to: "marks.key")
    }

    func jobs() async throws -> [Job] { try await directory.ledger().desk.jobs() }

    func suppressions() async throws -> [Suppression] { try await directory.ledger().suppressions.all() }

    /// A change request as the stream tells it.
    static func event(
        _ number: Int = 1,
        by author: DID = author,
        for owner: DID = owner,
        project: String = "p1",
        operation: StreamEvent.Commit.Operation = .create,
        title: String = "Please mend the door",
        cid: String? = nil,
        at clock: ManualClock = ManualClock(),
        rev: Int? = nil
    ) throws -> StreamEvent {
        let time = UInt64(clock.now().microseconds)
        let key = TID(microseconds: 1_789_999_000_000_000 + UInt64(number), clock: 1)
        let place = rev ?? number
        let rev = TID(microseconds: time + UInt64(place), clock: 1)
        let record: JSONValue = [
            "$type": "com.example.change.request", "title": .string(title),
            "subject": ["uri": .string("at://\(owner)/com.example.project/\(project)"), "cid": "bafy"],
        ]
        return StreamEvent(
            position: StreamPosition(
                host: "stream.test",
                wire: .jetstream2,
                // Another event of the same request stands behind it: a run waits until its last position is stored.
                value: Int64(place),
                witnessed: Int64(time)
            ),
            did: author,
            body: .commit(
                .init(
                    operation: operation,
                    collection: try NSID("com.example.change.request"),
                    recordKey: try RecordKey(key.text),
                    rev: rev.text,
                    cid: operation == .delete ? nil : cid ?? "cid-\(title)",
                    record: operation == .delete ? nil : record
                )
            )
        )
    }

    static func batch(_ events: StreamEvent...) -> StreamBatch { batch(events) }

    static func batch(_ events: [StreamEvent]) -> StreamBatch {
        StreamBatch(
            events: events,
            position: events.last.map { StoredPosition(position: $0.position, evidence: [1, 2]) }
        )
    }
}
