import ATProtocol
import Logging
import Metrics
import MetricsTestKit
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
    static let collection = "com.example.change.request"
    static let start = UnixTime(seconds: 1_790_000_000)
    private let directory: TemporaryDirectory
    let ledger: Ledger
    let log = LogRecorder()
    let steady = ManualClock()
    let wall = ManualClock(start)
    let client: ScriptedClient
    /// Authors of the directory, and those of them whose server does not answer.
    let world = World()

    final class World: Sendable {
        struct State {
            var authors: [String] = []
            var silent: Set<String> = []
            /// Those who have written more than anybody reads: a record each second, for ever.
            var endless: Set<String> = []
            /// Authors whose server the guard refuses.
            var refused: Set<String> = []
            /// Authors whose server is no more.
            var unreachable: Set<String> = []
        }
        let state = Mutex(State())
    }

    init() async throws {
        directory = try TemporaryDirectory()
        ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        client = ScriptedClient { [world] request in
            let state = world.state.withLock { $0 }
            guard let author = request.url.value(of: "repo") else {
                return .json(["repos": .array(state.authors.map { ["did": .string($0)] })])
            }
            guard !state.silent.contains(author) else { return .json(["error": "InternalServerError"], status: 500) }
            guard !state.refused.contains(author) else { return .failure(Self.failure(.refusedHost)) }
            guard !state.unreachable.contains(author) else { return .failure(Self.failure(.connect)) }
            let place = request.url.value(of: "cursor").flatMap { UInt64($0) } ?? 0
            let key = Self.key(place)
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

    /// The key of an author's newest record, or of one of those behind it.
    static func key(_ place: UInt64 = 0) -> String {
        TID(microseconds: UInt64(start.microseconds) - 60_000_000 - place * 1_000_000, clock: 1).text
    }

    private static func failure(_ code: HTTPError.Code) -> HTTPError {
        HTTPError(code: code, origin: "https://pds.test", detail: "as the test wants it", mayHaveBeenSent: false)
    }

    func author(_ number: Int) -> String {
        "did:plc:\(String(repeating: "a", count: 23))\(["b", "c", "d"][number])"
    }

    func gap(_ reason: StreamGap.Reason = .cursorTooOld) -> StreamGap {
        let now = Self.start.microseconds
        return StreamGap(host: "h", wire: .jetstream2, from: now - 30_000_000, until: now, reason: reason)
    }

    /// Sweeps, and stores at most so many batches of what comes of it, until a condition holds; the process is gone then, as by
    /// `kill -9`.
    @discardableResult func sweep(
        storing limit: Int = .max,
        until isOver: () async throws -> Bool
    ) async throws -> [StreamBatch] {
        var configuration = SweepConfiguration(
            directories: [try WebURL("https://relay.test")],
            collections: [try CollectionPattern(Self.collection)]
        )
        configuration.rate = 1_000_000
        configuration.concurrency = 1
        let batchQueue = BatchQueue()
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
            hosts: HostCoverage(StreamConfiguration(hosts: [], collections: []), logger: log.logger),
            batchQueue: batchQueue,
            steady: steady,
            logger: log.logger
        )
        let (queue, wall) = (ledger.queue(Timetable()), wall)
        let storing = Task {
            var stored: [StreamBatch] = []
            while let batch = await batchQueue.next() {
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
        batchQueue.close()
        return try await storing.value
    }

    func asked() -> [String] { client.requests.compactMap { $0.url.value(of: "repo") } }

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
            // A pass that began before the answers of the last are stored would ask for them again.
            let round = try #require(try await ledger.stream.round())
            while try await ledger.stream.answered(in: round.id).isEmpty { await Task.yield() }
            steady.advance(.seconds(6 * 3600))
            return log.count("gap swept") >= 5
        }
        let open = try #require(try await ledger.stream.openGaps().first)
        #expect(open.wait?.unanswered.contains(author(1)) == true && open.tried > .zero)
        #expect(asked().filter { $0 == author(0) }.count == 1, "who has answered is not asked again")
        try await sweep {
            steady.advance(.seconds(86_400))
            return log.count("gap closed: all who could be asked have answered") > 0
        }
        #expect(try await ledger.stream.openGaps().isEmpty && log.count("gap swept") == 5 + 3)
    }

    @Test func `no gap is given up for one pass, however long that takes`() async throws {
        world.state.withLock { state in
            state.authors = [author(0), author(1)]
            state.refused = [author(1)]
        }
        client.during("/xrpc/com.atproto.repo.listRecords") { [steady] in steady.advance(.seconds(8 * 3600)) }
        try await ledger.stream.declare(gap(), at: Self.start)
        try await sweep { log.count("gap swept") >= 1 }
        let open = try #require(try await ledger.stream.openGaps().first)
        #expect(open.tried == .zero && open.wait?.unanswered.contains(author(1)) == true)
        #expect(open.wait?.nextAt == Self.start + .seconds(60) && open.wait?.patience == .seconds(6 * 3600))
        // A process that was started anew has waited for nobody yet, either.
        try await sweep { log.count("gap swept") >= 2 }
        #expect(try await ledger.stream.openGaps().first?.tried == .zero)
        client.during("/xrpc/com.atproto.repo.listRecords", nil)
        let first = log.count("gap swept")
        try await sweep {
            steady.advance(.seconds(7 * 3600))
            return try await ledger.stream.openGaps().isEmpty
        }
        #expect(log.count("gap swept") == first + 2)
    }

    @Test func `a server that is no more keeps a gap open for a day, and is no error`() async throws {
        world.state.withLock { state in
            state.authors = (0..<3).map { author($0) }
            state.unreachable = [author(2)]
        }
        try await ledger.stream.declare(gap(), at: Self.start)
        let words = "gap closed: all who could be asked have answered"
        try await sweep {
            steady.advance(.seconds(5 * 3600))
            return log.count(words) > 0
        }
        #expect(log.count(words, .notice) == 1 && log.count("gap swept") == 6)
        let line = try #require(log.metadata(of: words).first)
        #expect(line["failed"] == "1" && line["authors"] == "3" && line["example"]?.contains(author(2)) == true)
        // The last pass is followed by none.
        #expect(log.metadata(of: "gap swept").map { $0["next_s"] } == ["60", "120", "240", "480", "960", nil])
        let past = try await ledger.stream.givenUpGaps()
        #expect(past.map(\.gap) == [gap()] && past.first?.closedAt == Self.start)
        #expect(past.first?.unanswered.hasPrefix("1 of 3 authors did not answer, for example \(author(2)): ") == true)
    }

    @Test func `a gap for which hardly anybody could be asked is given up after three days, as an error`() async throws
    {
        world.state.withLock { state in
            state.authors = [author(0), author(1)]
            state.unreachable = [author(0), author(1)]
        }
        try await ledger.stream.declare(gap(), at: Self.start)
        let metrics = TestMetrics()
        _ = try await withMetricsFactory(metrics) {
            try await sweep {
                steady.advance(.seconds(86_400))
                return log.count("gap given up: some servers never answered") > 0
            }
        }
        #expect(log.count("gap given up: some servers never answered", .error) == 1 && log.count("gap swept") == 4)
        #expect(try metrics.expectCounter("impact_notifier_stream_gaps_given_up_total").totalValue == 1)
    }

    @Test func `a gap that comes while another is asked for has waited for nobody yet`() async throws {
        world.state.withLock { state in
            state.authors = [author(0), author(1)]
            state.refused = [author(1)]
        }
        try await ledger.stream.declare(gap(), at: Self.start)
        var isDeclared = false
        try await sweep {
            if !isDeclared, log.count("gap swept") >= 1 {
                isDeclared = true
                steady.advance(.seconds(5 * 3600))
                try await ledger.stream.declare(gap(), at: Self.start)
            }
            return log.count("gap swept") >= 2
        }
        let tried = try await ledger.stream.openGaps().map(\.tried)
        #expect(tried == [.seconds(5 * 3600), .zero])
    }

    @Test func `a collection that nobody writes to yet keeps no gap open for longer than directories settle`()
        async throws
    {
        try await ledger.stream.declare(gap(), at: Self.start)
        try await sweep {
            steady.advance(.seconds(600))
            return log.count("gap closed: all who could be asked have answered") > 0
        }
        #expect(try await ledger.stream.openGaps().isEmpty && log.count("gap swept") <= 10)
        #expect(log.count("gap closed: all who could be asked have answered", .notice) == 1)
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
