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

/// The figures that people look at first.
@Suite(.timeLimit(.minutes(2))) struct `The overview of a ledger` {
    private func overview(_ world: World) async throws -> LedgerOverview {
        let ledger = try await world.directory.ledger()
        return try await ledger.overview(at: world.clock.now())
    }

    @Test func `counts requests and messages by the hour, and rules by the week`() async throws {
        let world = try World()
        let first = try (1...3).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(first)]) { $0[.delivered] == 3 }
        world.clock.advance(7200)
        let second = try (4...5).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(second)]) { $0[.delivered] == 5 }
        let overview = try await overview(world)
        var expected = [Int](repeating: 0, count: 24)
        (expected[21], expected[23]) = (3, 2)
        #expect(overview.hours.map(\.requests) == expected)
        #expect(overview.hours.map(\.messages) == expected)
        #expect(overview.hours.last?.from == 1_790_006_400)
        #expect(overview.rules["issues"]?.matched == 5 && overview.rules["issues"]?.told == 5)
        #expect(overview.outcomes.map(\.state) == [JobState](repeating: .delivered, count: 5))
        #expect(overview.outcomes.map(\.updatedAt) == overview.outcomes.map(\.updatedAt).sorted(by: >))
        #expect(overview.standing == [.init(state: .delivered, reason: nil, number: 5)])
        // A day later they are no longer of the day.
        world.clock.advance(86_400)
        #expect(try await self.overview(world).hours.allSatisfy { $0.requests + $0.messages == 0 })
    }

    @Test func `counts a request that is written anew once, however many came since it was first seen`() async throws {
        let world = try World()
        let events = try (1...3).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.delivered] == 3 }
        world.clock.advance(7200)
        let ledger = try await world.directory.ledger()
        let now = world.clock.now()
        try await ledger.database.write { database in
            try database.run("UPDATE request SET created_at = \(now) WHERE id = (SELECT min(id) FROM request)")
        }
        let hours = try await ledger.overview(at: now).hours.map(\.requests)
        #expect(hours.last == 1 && hours[21] == 2 && hours.reduce(0, +) == 3, "\(hours)")
    }

    @Test func `counts answers to what people wrote apart from messages`() async throws {
        let world = try World()
        let events = try (1...3).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.delivered] == 3 }
        let ledger = try await world.directory.ledger()
        let now = world.clock.now()
        try await ledger.database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO message (owner, author, kind, state, marker, message, conversation, baseline, sends, maximum_sends,
                        due_at, created_at, sent_at)
                    SELECT owner, owner, ?, state, 'ref-answer', message, conversation, baseline, 0, maximum_sends, due_at, ?, 0
                    FROM message LIMIT 2
                    """,
                arguments: [MessageKind.help.rawValue, now.seconds]
            )
        }
        let hours = try await ledger.overview(at: now).hours
        #expect(hours.map(\.messages).reduce(0, +) == 3)
        #expect(hours.last?.answers == 2 && hours.dropLast().allSatisfy { $0.answers == 0 })
    }

    @Test func `of an empty ledger is all noughts`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let overview = try await ledger.overview(at: 1_790_000_000)
        #expect(overview.hours.count == 24 && overview.hours.allSatisfy { $0.requests + $0.messages == 0 })
        #expect(overview.outcomes.isEmpty && overview.standing.isEmpty && overview.gaps.isEmpty)
    }

    @Test func `names the oldest gaps, and counts all, and those that were given up today`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let gap = StreamGap(host: "h", wire: .jetstream2, from: 10, until: 20, reason: .cursorTooOld)
        for _ in 0..<8 { try await ledger.stream.declare(gap, at: 5) }
        var batch = StreamBatch()
        batch.sweep = .givenUp(1)
        _ = try await ledger.queue(Timetable()).store(batch, [], now: 100_000)
        let overview = try await ledger.overview(at: 100_060)
        #expect(overview.gaps.map(\.id) == [2, 3, 4, 5, 6])
        #expect(overview.openGaps == 7 && overview.gapsGivenUp == 1)
        #expect(try await ledger.overview(at: 200_000).gapsGivenUp == 0)
    }

    @Test func `counts as a count of all rows does, and looks at no row twice`() async throws {
        let directory = try TemporaryDirectory()
        let now: UnixTime = 1_790_000_000
        try await GrownLedger.fill(directory.path, .init(finished: 3000, each: 40), now: now)
        let grown = try GrownLedger(in: directory.path, now: now)
        let overview = try await grown.ledger.overview(at: now)
        let scans = try grown.scans()
        #expect(scans == [])
        let start = try #require(overview.hours.first).from
        for (table, figure) in [("request", \LedgerOverview.Hour.requests), ("message", \LedgerOverview.Hour.messages)]
        {
            let count = try await grown.database.read { database in
                try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM \(table) WHERE created_at >= ?",
                    arguments: [start]
                )
            }
            #expect(overview.hours.map { $0[keyPath: figure] }.reduce(0, +) == count, "\(table)")
        }
        #expect(overview.outcomes.count == 20)
        #expect(overview.standing.filter { $0.state == .queued }.map(\.number) == [40])
    }
}
