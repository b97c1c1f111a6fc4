import ATProtocol
import Logging
import Network
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import Backfill
@testable import Firehose
@testable import LedgerStorage
@testable import Notifier

/// The rounds of sweeps over a ledger: what a restart, a kill and a second look make of them.
@Suite(.timeLimit(.minutes(1))) struct `Gaps are swept in rounds` {
    private static let collection = "com.example.change.request"
    private static let start = UnixTime(seconds: 1_790_000_000)
    private let directory: TemporaryDirectory
    private let ledger: Ledger
    private let log = LogRecorder()
    private let steady = ManualClock()
    private let wall = ManualClock(start)
    private let client: ScriptedClient
    /// Authors of the directory, and those of them whose server does not answer.
    private let world = World()

    private final class World: Sendable {
        struct State {
            var authors: [String] = []
            var silent: Set<String> = []
            /// Those who have written more than anybody reads: a record each second, for ever.
            var endless: Set<String> = []
        }
        let state = Mutex(State())
    }

    init() async throws {
        directory = try TemporaryDirectory()
        ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        client = ScriptedClient { [world] request in
            let query = Dictionary(PercentEncoding.parseForm(request.url.query ?? "")) { first, _ in first }
            let state = world.state.withLock { $0 }
            guard let author = query["repo"] else {
                return .json(["repos": .array(state.authors.map { ["did": .string($0)] })])
            }
            guard !state.silent.contains(author) else { return .json(["error": "InternalServerError"], status: 500) }
            let place = query["cursor"].flatMap { UInt64($0) } ?? 0
            let time = UInt64(Self.start.microseconds) - 60_000_000 - place * 1_000_000
            let key = TID(microseconds: time, clock: 1).text
            var page: [String: JSONValue] = [
                "records": [
                    [
                        "uri": .string("at://\(author)/\(Self.collection)/\(key)"), "cid": "bafy",
                        "value": ["$type": .string(Self.collection)],
                    ]
                ]
            ]
            if state.endless.contains(author) { page["cursor"] = .string("\(place + 1)") }
            return .json(.object(page))
        }
    }

    private func author(_ number: Int) -> String {
        "did:plc:\(String(repeating: "a", count: 23))\(["b", "c", "d"][number])"
    }

    private func gap(_ reason: StreamGap.Reason = .cursorTooOld) -> StreamGap {
        let now = Self.start.microseconds
        return StreamGap(host: "h", wire: .jetstream2, from: now - 30_000_000, until: now, reason: reason)
    }

    /// Sweeps, and stores at most so many batches of what comes of it, until a condition holds; the process is gone then, as by
    /// `kill -9`.
    @discardableResult private func sweep(
        storing limit: Int = .max,
        until isOver: () async throws -> Bool
    ) async throws -> [StreamBatch] {
        var configuration = SweepConfiguration(
            directories: [try WebURL("https://relay.test")],
            collections: [try CollectionPattern(Self.collection)]
        )
        configuration.rate = 1_000_000
        configuration.concurrency = 1
        let mailbox = StreamMailbox()
        let backfiller = GapBackfiller(
            backfill: GapBackfill(
                configuration: configuration,
                client: client,
                identities: FixedIdentities(),
                clock: wall,
                steady: steady,
                sleeper: HurriedClock(),
                logger: log.logger
            ),
            store: ledger.stream,
            hosts: HostComparison(StreamConfiguration(hosts: [], collections: []), logger: log.logger),
            mailbox: mailbox,
            steady: steady,
            logger: log.logger
        )
        let (queue, wall) = (ledger.queue(Timetable()), wall)
        let storing = Task {
            var stored: [StreamBatch] = []
            while let batch = await mailbox.next() {
                guard stored.count < limit else { continue }
                _ = try await queue.store(batch, [], now: wall.now())
                stored.append(batch)
            }
            return stored
        }
        repeat {
            try await backfiller.step()
            await Task.yield()
        } while try await !isOver()
        mailbox.close()
        return try await storing.value
    }

    private func asked() -> [String] {
        client.requests.compactMap { Dictionary(PercentEncoding.parseForm($0.url.query ?? "")) { $1 }["repo"] }
    }

    @Test func `a gap closes when it was looked through a second time, an hour later`() async throws {
        world.state.withLock { $0.authors = [author(0)] }
        try await ledger.stream.declare(gap(), at: Self.start)
        try await sweep { try await ledger.stream.openGaps().first?.sweptAt != nil }
        #expect(asked() == [author(0)] && log.count("gap closed") == 0)
        // The directory has lagged: an author is new in it.
        world.state.withLock { $0.authors.append(author(1)) }
        client.forget()
        wall.advance(.seconds(3000))
        try await sweep { true }
        #expect(asked().isEmpty, "nobody is asked before it has settled")
        wall.advance(.seconds(700))
        let stored = try await sweep { try await ledger.stream.openGaps().isEmpty }
        #expect(Set(stored.flatMap { $0.events.map(\.did.text) }) == [author(0), author(1)])
    }

    @Test func `what an operator asks for is looked through once`() async throws {
        world.state.withLock { $0.authors = [author(0)] }
        try await ledger.stream.declare(gap(.operatorRequest), at: Self.start)
        try await sweep { try await ledger.stream.openGaps().isEmpty }
        #expect(asked() == [author(0)])
    }

    @Test func `a round goes on behind a kill with those who have not answered`() async throws {
        world.state.withLock { $0.authors = (0..<3).map { author($0) } }
        try await ledger.stream.declare(gap(.operatorRequest), at: Self.start)
        try await sweep(storing: 1) { client.requests.count > 3 }
        let answered = try #require(try await ledger.stream.round())
        #expect(try await ledger.stream.answered(in: answered.id).count == 1)
        client.forget()
        try await sweep { try await ledger.stream.openGaps().isEmpty }
        #expect(Set(asked()) == [author(1), author(2)])
        #expect(try await ledger.stream.round() == nil)
    }

    @Test func `an answer is a row together with what was found in it, and one of another round is none`() async throws
    {
        try await ledger.stream.declare(gap(), at: Self.start)
        let window = gap().from...gap().until
        let old = try await ledger.stream.beginRound(upTo: 1, window: window, at: Self.start)
        let new = try await ledger.stream.beginRound(upTo: 1, window: window, at: Self.start)
        let pair = SweepPair(try DID(author(0)), try NSID(Self.collection))
        for round in [old, new] {
            var batch = StreamBatch()
            batch.sweep = .answered(pair, round: round.id)
            #expect(!batch.isPositionOnly)
            _ = try await ledger.queue(Timetable()).store(batch, [], now: Self.start)
        }
        #expect(try await ledger.stream.answered(in: old.id).isEmpty)
        #expect(try await ledger.stream.answered(in: new.id) == [pair])
        #expect(new.id > old.id)
    }

    @Test func `who does not answer is waited for by time that was spent asking, and named`() async throws {
        world.state.withLock { state in
            state.authors = [author(0), author(1)]
            state.silent = [author(1)]
        }
        try await ledger.stream.declare(gap(), at: Self.start)
        // The date alone ends nothing.
        wall.advance(.seconds(30 * 86_400))
        try await sweep {
            steady.advance(.seconds(6 * 3600))
            return log.count("gap swept") >= 5
        }
        let open = try #require(try await ledger.stream.openGaps().first)
        #expect(open.unanswered?.contains(author(1)) == true && open.tried > .zero)
        #expect(asked().filter { $0 == author(0) }.count == 1, "who has answered is not asked again")
        try await sweep {
            steady.advance(.seconds(86_400))
            return log.count("gap given up: some never answered") > 0
        }
        #expect(try await ledger.stream.openGaps().isEmpty)
    }

    @Test func `a collection that nobody writes to yet keeps no gap open for longer than directories settle`()
        async throws
    {
        try await ledger.stream.declare(gap(), at: Self.start)
        try await sweep {
            steady.advance(.seconds(600))
            return log.count("gap closed: all have answered who could be asked") > 0
        }
        #expect(try await ledger.stream.openGaps().isEmpty && log.count("gap swept") <= 10)
        #expect(log.count("gap closed: all have answered who could be asked", .notice) == 1)
    }

    @Test func `of a repository that is another now its author alone is asked, in one gap that grows`() async throws {
        world.state.withLock { $0.authors = [author(0), author(1)] }
        let (known, queue, wall) = (try DID(author(0)), ledger.queue(Timetable()), wall)
        let (collection, key, now) = (try NSID(Self.collection), try RecordKey("k"), Self.start.microseconds)
        let commit = StreamEvent.Commit(
            operation: .create,
            collection: collection,
            recordKey: key,
            rev: "3kaaaaaaaaa2a",
            cid: "bafy",
            record: [:]
        )
        let position = StreamPosition(host: "h", wire: .relay, value: 1, witnessed: now)
        let request = NewRequest(
            event: StreamEvent(position: position, did: known, body: .commit(commit)),
            commit: commit,
            uri: ATURI(known, collection, key),
            rule: "r",
            record: [:],
            references: [.account(known)],
            leftOut: 0,
            startsJob: true
        )
        func tell(_ items: [IntakeItem]) async throws {
            _ = try await queue.store(StreamBatch(), items, now: wall.now())
        }
        let replaced = IntakeItem.repositoryReplaced(known, witnessed: now)
        let stranger = IntakeItem.repositoryReplaced(try DID(author(1)), witnessed: now)
        try await tell([.request(request), replaced, stranger, replaced])
        #expect(try await ledger.stream.openGaps().map(\.gap.account) == [known])
        try await sweep { try await ledger.stream.openGaps().first?.sweptAt != nil }
        #expect(asked() == [author(0)] && client.requests.count == 1, "directories are of no use")
        // What was looked for ended before it is replaced once more.
        wall.advance(.seconds(4000))
        try await tell([replaced])
        client.forget()
        try await sweep { try await ledger.stream.openGaps().first?.sweptAt != nil }
        wall.advance(.seconds(4000))
        try await sweep { try await ledger.stream.openGaps().isEmpty }
        #expect(asked() == [author(0), author(0)])
        try await tell([replaced])
        try await ledger.stream.declare(gap(.operatorRequest), at: wall.now())
        try await sweep { try await ledger.stream.openGaps().allSatisfy { $0.sweptAt != nil } }
        #expect(asked().contains(author(1)), "beside another gap everybody is asked")
    }

    @Test func `a repository without an end is read pass by pass, and the gap is given up with that said`() async throws
    {
        world.state.withLock { state in
            state.authors = [author(0), author(1)]
            state.endless = [author(1)]
        }
        try await ledger.stream.declare(gap(), at: Self.start)
        let words = "gap given up: some were read in part"
        let stored = try await sweep {
            steady.advance(.seconds(1800))
            return log.count(words, .warning) > 0
        }
        let pages = asked().filter { $0 == author(1) }.count
        #expect(pages > 100 && pages % 100 == 0, "a hundred pages a pass")
        let found = stored.flatMap(\.events).compactMap(\.recordURI).filter { $0.did.text == author(1) }
        #expect(found.count == pages && Set(found).count == pages, "each pass goes on where the last one ended")
        #expect(try await ledger.stream.openGaps().isEmpty)
        let lost = try await ledger.stream.gapsGivenUp(limit: 5)
        let cause = try #require(lost.first?.unanswered)
        #expect(
            cause.hasPrefix("1 did not answer (1 in part), for example \(author(1)): it has written more"),
            "\(cause)"
        )
        #expect(cause.contains("is read back to"))
    }

    @Test func `a gap that was covered or swept after all was not given up`() async throws {
        world.state.withLock { state in
            state.authors = [author(0)]
            state.silent = [author(0)]
        }
        try await ledger.stream.declare(gap(.operatorRequest), at: Self.start)
        try await sweep { log.count("gap swept") >= 1 }
        #expect(try await ledger.stream.openGaps().first?.unanswered != nil)
        world.state.withLock { $0.silent = [] }
        try await sweep {
            steady.advance(.seconds(60))
            return try await ledger.stream.openGaps().isEmpty
        }
        #expect(try await ledger.stream.gapsGivenUp(limit: 5).isEmpty)
        try await ledger.stream.declare(gap(), at: Self.start)
        let open = try #require(try await ledger.stream.openGaps().first)
        let round = SweepRound(id: 1, gap: open.id, window: gap().from...gap().until)
        try await ledger.stream.note(round, waited: .seconds(1), unanswered: "one")
        var batch = StreamBatch()
        batch.sweep = .covered(open.id)
        _ = try await ledger.queue(Timetable()).store(batch, [], now: Self.start)
        #expect(try await ledger.stream.gapsGivenUp(limit: 5).isEmpty)
    }

    @Test func `a gap that comes while somebody is waited for is swept with the one before`() async throws {
        world.state.withLock { state in
            state.authors = [author(0), author(1)]
            state.silent = [author(1)]
        }
        try await ledger.stream.declare(gap(.operatorRequest), at: Self.start)
        try await sweep { log.count("gap swept") >= 1 }
        try await ledger.stream.declare(gap(.operatorRequest), at: Self.start)
        client.forget()
        world.state.withLock { $0.silent = [] }
        try await sweep {
            steady.advance(.seconds(60))
            return try await ledger.stream.openGaps().isEmpty
        }
        #expect(asked().contains(author(1)))
    }
}
