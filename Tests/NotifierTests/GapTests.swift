import ATProtocol
import GRDB
import Network
import Sandbox
import TestSupport
import Testing

@testable import Backfill
@testable import Firehose
@testable import LedgerStorage
@testable import Notifier

@Suite struct `Gaps in the ledger` {
    private let gap = StreamGap(host: "h", wire: .jetstream2, from: 10, until: 20, reason: .cursorTooOld)

    @Test func `a gap that came with a batch stays open until it is closed, restarts included`() async throws {
        let directory = try TemporaryDirectory()
        do {
            let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
            var batch = World.batch(try World.event(1))
            batch.gap = gap
            _ = try await ledger.queue(Timetable()).store(batch, [], now: 5)
        }
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let open = try #require(try await ledger.stream.openGaps().first)
        #expect(open.gap == gap)
        var closing = StreamBatch()
        closing.sweep = .covered(open.id)
        _ = try await ledger.queue(Timetable()).store(closing, [], now: 6)
        #expect(try await ledger.stream.openGaps().isEmpty)
    }

    @Test func `a gap that was swept is closed in the transaction behind what was found`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        try await ledger.stream.declare(gap, at: 7)
        var batch = StreamBatch()
        batch.sweep = .covered(try #require(try await ledger.stream.openGaps().first).id)
        #expect(!batch.isPositionOnly, "it must not be replaced by a later position")
        _ = try await ledger.queue(Timetable()).store(batch, [], now: 8)
        #expect(try await ledger.stream.openGaps().isEmpty)
    }

    @Test func `why a gap was closed is kept, and who never answered when it was given up`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        for _ in 0..<3 { try await ledger.stream.declare(gap, at: 5) }
        let wait = SweepWait(unanswered: "1 of 9 authors did not answer", nextAt: 9, patience: .seconds(60))
        try await ledger.stream.note(wait, waited: [1: .seconds(2), 2: .seconds(3), 3: .zero])
        let open = try await ledger.stream.openGaps()
        #expect(open.map(\.wait) == [wait, wait, wait] && open.map(\.tried) == [.seconds(2), .seconds(3), .zero])
        func take(_ step: SweepStep) async throws {
            var batch = StreamBatch()
            batch.sweep = step
            _ = try await ledger.queue(Timetable()).store(batch, [], now: 7)
        }
        try await take(.covered(1))
        try await take(.givenUp(2))
        // Looked through twice.
        for settled in [[], [3]] as [[OpenGap.ID]] {
            let round = try await ledger.stream.beginRound(upTo: 3, window: 0...1, at: 6)
            try await take(.ended(round.id, settled: settled, settling: .seconds(60)))
        }
        #expect(try await ledger.stream.openGaps().isEmpty)
        let past = try await ledger.stream.givenUpGaps()
        #expect(past == [GivenUpGap(gap: gap, closedAt: 7, unanswered: wait.unanswered)])
        let outcomes = try await ledger.database.read { database in
            try String.fetchAll(database, sql: "SELECT outcome FROM gap ORDER BY id")
        }
        #expect(outcomes == ["covered", "given-up", "swept"])
    }

    @Test func `an operator's gap is one like any other`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        try await ledger.stream.declare(gap, at: 7)
        try await ledger.stream.declare(gap, at: 8)
        #expect(try await ledger.stream.openGaps().map(\.gap) == [gap, gap])
    }

    @Test func `a record is known once it was seen`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let event = try World.event(1)
        let uri = try #require(event.recordURI)
        #expect(try await !ledger.stream.knows(uri))
        var classifier = EventClassifier(NotifierConfiguration(rules: [try World.rule()]), sender: nil)
        _ = try await ledger.queue(Timetable()).store(
            World.batch(event),
            [event].compactMap { classifier.classify($0, now: 1_790_000_000) },
            now: 1_790_000_000
        )
        #expect(try await ledger.stream.knows(uri))
    }

    @Test(arguments: [StreamWire.relay, .jetstream2])
    func `a repository that is another now is a gap of its own where no stream tells what is in it`(
        wire: StreamWire
    ) async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let event = try World.event(1)
        let position = StreamPosition(host: "h", wire: wire, value: 2, witnessed: event.position.witnessed)
        let replaced = StreamEvent(position: position, did: event.did, body: .sync(rev: "3kaaaaaaaaa2a"))
        var classifier = EventClassifier(NotifierConfiguration(rules: [try World.rule()]), sender: nil)
        let items = [event, replaced].compactMap { classifier.classify($0, now: 1_790_000_000) }
        _ = try await ledger.queue(Timetable()).store(World.batch([event, replaced]), items, now: 1_790_000_000)
        let accounts = try await ledger.stream.openGaps().map(\.gap.account)
        #expect(accounts == (wire == .relay ? [event.did] : []))
    }

    private func store(_ event: StreamEvent, _ ledger: Ledger) async throws {
        var classifier = EventClassifier(NotifierConfiguration(rules: [try World.rule()]), sender: nil)
        let items = [classifier.classify(event, now: 1_790_000_000)].compactMap(\.self)
        _ = try await ledger.queue(Timetable()).store(StreamBatch(events: [event]), items, now: 1_790_000_000)
    }

    @Test func `a request that waits follows what a sweep finds of it`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let event = try World.event(1, title: "first words")
        let uri = try #require(event.recordURI)
        let pair = SweepPair(World.author, try NSID("com.example.change.request"))
        try await store(event, ledger)
        for other in [SweepPair(World.owner, pair.collection), SweepPair(pair.author, try NSID("com.example.change"))] {
            #expect(try await ledger.stream.waiting(of: other).isEmpty)
        }
        let first = try #require(try await ledger.stream.waiting(of: pair).first)
        #expect(first.uri == uri && first.cid == "cid-first words")
        guard case .commit(let commit) = try World.event(1, title: "second words").body else { return }
        try await store(try #require(first.update(to: "cid-second words", commit.record)), ledger)
        let second = try #require(try await ledger.stream.waiting(of: pair).first)
        #expect(second.cid == "cid-second words" && second.rev > first.rev)
        #expect(try await ledger.desk.jobs(about: uri).first?.record["title"]?.string == "second words")
        // What was found missing before a newer version came is not called off.
        try await store(try #require(first.deletion), ledger)
        #expect(try await ledger.stream.waiting(of: pair) == [second])
        try await store(try #require(second.deletion), ledger)
        #expect(try await ledger.stream.waiting(of: pair).isEmpty)
        #expect(try await ledger.desk.jobs(about: uri).map(\.reason) == [.recordDeleted])
    }

    @Test func `a request waits as long as somebody is still to be told`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let pair = SweepPair(World.author, try NSID("com.example.change.request"))
        try await store(try World.event(1), ledger)
        for state in JobState.allCases where state != .lookup {
            try await ledger.database.write { database in
                try database.execute(
                    sql: """
                        DELETE FROM job;
                        UPDATE request SET state = 'resolved';
                        INSERT INTO job (request, owner, author, state, due_at, created_at, updated_at)
                            SELECT id, 'did:plc:o', author, '\(state.rawValue)', 0, 0, 0 FROM request;
                        """
                )
            }
            #expect(try await ledger.stream.waiting(of: pair).count == (state.isFinal ? 0 : 1), "\(state)")
        }
    }

    /// Stores what was written to a collection, as a rule for its namespace would have it.
    private func see(_ number: Int, _ collection: String, _ ledger: Ledger) async throws {
        let event = try World.event(number)
        guard case .commit(var commit) = event.body else { return }
        commit.collection = try NSID(collection)
        let moved = StreamEvent(position: event.position, did: event.did, body: .commit(commit))
        let rule = try World.rule(collections: [collection])
        var classifier = EventClassifier(NotifierConfiguration(rules: [rule]), sender: nil)
        let items = [classifier.classify(moved, now: 1_790_000_000)].compactMap(\.self)
        _ = try await ledger.queue(Timetable()).store(World.batch(moved), items, now: 1_790_000_000)
    }

    @Test func `the collections that requests were seen in are known, each once, also when those are forgotten`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        #expect(try await ledger.stream.sweepKnowledge().collections.isEmpty)
        for (number, name) in ["com.example.zebra", "com.example.ape", "com.example.zebra"].enumerated() {
            try await see(number, name, ledger)
        }
        #expect(
            try await ledger.stream.sweepKnowledge().collections.map(\.text) == [
                "com.example.zebra", "com.example.ape",
            ]
        )
        while try await ledger.queue(Timetable()).prune(before: 1_900_000_000) > 0 {}
        try await ledger.database.write { try $0.execute(sql: "DELETE FROM request") }
        #expect(try await ledger.stream.sweepKnowledge().collections.count == 2)
    }

    @Test func `whoever makes up names of collections does not fill the ledger with them`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        try await ledger.database.write { database in
            for number in 0..<999 {
                try database.execute(sql: "INSERT INTO collection (name) VALUES ('a.b.c\(number)')")
            }
        }
        for (number, name) in ["com.example.a", "com.example.b"].enumerated() { try await see(number, name, ledger) }
        let seen = try await ledger.stream.sweepKnowledge().collections.map(\.text)
        #expect(seen.count == 1000 && seen.last == "com.example.a")
    }

    @Test func `of very many authors those are remembered to a sweep who wrote last`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        try await ledger.database.write { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE count (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM count WHERE n < 20001)
                    INSERT INTO writer (collection, author, seen_at)
                        SELECT 'com.example.change.request', 'did:web:a' || n || '.test', n FROM count
                    """
            )
        }
        let authors = try await ledger.stream.sweepKnowledge().authors[try NSID("com.example.change.request")] ?? []
        #expect(authors.count == 20_000)
        #expect(authors.first?.text == "did:web:a20001.test" && authors.last?.text == "did:web:a2.test")
    }

    @Test func `a position that was read up to a time after it was saved is believed up to then`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let saved: UnixTime = 1_790_000_000
        for (name, ahead) in [("right", Duration.seconds(200)), ("wrong", .seconds(2 * 86_400))] {
            let witnessed = (saved + ahead).microseconds
            let position = StreamPosition(host: name, wire: .jetstream2, value: 1, witnessed: witnessed)
            let batch = StreamBatch(position: StoredPosition(position: position))
            _ = try await ledger.queue(Timetable()).store(batch, [], now: saved)
        }
        let times = try await ledger.stream.positions().map { ($0.position.host, $0.position.witnessedAt) }
        #expect(Dictionary(uniqueKeysWithValues: times) == ["right": saved + .seconds(200), "wrong": saved])
    }

    @Test func `a gap that another host was read over is closed without asking anybody`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let log = LogRecorder()
        let hosts = HostCoverage(StreamConfiguration(hosts: [], collections: []), logger: log.logger)
        let other = try Upstream(StreamSource(WebURL("wss://other.test/")), allowsLoopback: false)
        hosts.opened(other, isCompressed: false)
        hosts.begin(other, at: gap.from)
        try await ledger.stream.declare(gap, at: 5)
        let client = ScriptedClient.world()
        let batchQueue = BatchQueue()
        let keeper = GapBackfiller(
            backfill: GapBackfill(
                configuration: SweepConfiguration(
                    directories: [],
                    collections: [try CollectionPattern("com.example.change.request")]
                ),
                client: client,
                identities: FixedIdentities(),
                logger: log.logger
            ),
            store: ledger.stream,
            hosts: hosts,
            batchQueue: batchQueue,
            interval: .milliseconds(1),
            logger: log.logger
        )
        let keeping = Task { await keeper.run() }
        #expect(hosts.coverage(of: gap) == .underway)
        hosts.receive([], from: other, until: gap.until)
        let last = try #require(await batchQueue.next())
        #expect(try await ledger.stream.openGaps().count == 1, "what covers it is not known to be stored")
        #expect(log.count("gap covered by another host") == 0)
        _ = try await ledger.queue(Timetable()).store(last, [], now: 6)
        await log.wait(for: "gap covered by another host")
        keeping.cancel()
        await keeping.value
        #expect(try await ledger.stream.openGaps().isEmpty)
        var asked = gap
        asked.reason = .operatorRequest
        #expect(hosts.coverage(of: asked) == .none, "an operator's sweep is made, whoever was read")
        #expect(log.count("gap swept") == 0 && client.requests.isEmpty)
    }
}
