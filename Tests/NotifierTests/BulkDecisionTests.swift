import ATProtocol
import Firehose
import GRDB
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What an operator decides about many jobs at once.
@Suite(.timeLimit(.minutes(2))) struct `A decision about all that a filter means` {
    private func filter(_ adapt: (inout JobFilter) -> Void) -> JobFilter {
        var filter = JobFilter()
        adapt(&filter)
        return filter
    }

    @Test func `changes what it said it would, in small transactions, and nothing else`() async throws {
        let room = try await WaitingRoom()
        try await room.add(WaitingRoom.owners(0..<400))
        try await room.add(WaitingRoom.owners(400..<450), waitingFor: nil)
        let desk = room.ledger.desk
        let waiting = filter { ($0.state, $0.reason) = (.deferred, .ownerNotFollowing) }
        #expect(try await desk.concerned(by: .drop, like: waiting) == [.deferred: 400])
        #expect(try await desk.concerned(by: .drop, like: JobFilter()) == [.deferred: 400, .queued: 50])
        let batch = try await desk.carryOut(.drop, like: waiting, .jobs, after: 0, upTo: .max, now: room.clock.now())
        #expect(batch.changed == LedgerTransaction.batch / 2 && batch.last != nil)
        let rest = try await desk.carryOut(.drop, like: waiting, now: room.clock.now())
        #expect(rest == 400 - batch.changed)
        #expect(try await room.jobs(in: .dropped).map(\.reason) == Array(repeating: .operatorDecision, count: 400))
        #expect(try await room.jobs(in: .queued).count == 50)
        #expect(try await desk.concerned(by: .drop, like: waiting).isEmpty)
        #expect(try await desk.carryOut(.drop, like: waiting, now: room.clock.now()) == 0)
    }

    @Test func `is not of what came in after it was counted`() async throws {
        let room = try await WaitingRoom()
        try await room.add(WaitingRoom.owners(0..<3))
        let (desk, waiting) = (room.ledger.desk, filter { $0.state = .deferred })
        let horizon = try await desk.horizon()
        try await room.add(WaitingRoom.owners(3..<5))
        #expect(try await desk.concerned(by: .drop, like: waiting, upTo: horizon) == [.deferred: 3])
        #expect(try await desk.carryOut(.drop, like: waiting, upTo: horizon, now: room.clock.now()) == 3)
        #expect(try await desk.concerned(by: .drop, like: waiting) == [.deferred: 2])
    }

    @Test func `is of one owner, author or rule, or as old as is meant`() async throws {
        let room = try await WaitingRoom()
        try await room.add(WaitingRoom.owners(0..<2))
        room.clock.advance(3600)
        try await room.add([WaitingRoom.owner(0), WaitingRoom.owner(2)], waitingFor: nil)
        let (desk, hourAgo) = (room.ledger.desk, room.clock.now() - Duration.seconds(60))
        let cases: [(filter: JobFilter, count: Int)] = [
            (filter { $0.owner = WaitingRoom.owner(0) }, 2), (filter { $0.author = World.author }, 4),
            (filter { $0.author = WaitingRoom.owner(0) }, 0), (filter { $0.rule = "issues" }, 4),
            (filter { $0.rule = "gone" }, 0), (filter { $0.before = hourAgo }, 2), (filter { $0.since = hourAgo }, 2),
            (filter { ($0.owner, $0.since) = (WaitingRoom.owner(0), hourAgo) }, 1),
        ]
        for (filter, count) in cases {
            #expect(try await desk.jobs(like: filter, limit: 100).count == count, "\(filter)")
            let concerned = try await desk.concerned(by: .retry, like: filter)
            #expect(concerned.values.reduce(0, +) == count, "\(filter)")
        }
    }

    @Test func `drops a request with the last of its jobs, and not before`() async throws {
        let room = try await WaitingRoom()
        let jobs = try await room.add(WaitingRoom.owners(0..<1))
        let uri = try #require(try await room.jobs(in: .deferred).first?.uri)
        let second = WaitingRoom.owner(1)
        try await room.ledger.database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO job (request, owner, author, state, due_at, created_at, updated_at)
                    SELECT request, ?1, author, 'queued', due_at, created_at, updated_at FROM job WHERE id = ?2
                    """,
                arguments: [second.text, jobs[0]]
            )
        }
        func state() async throws -> String? {
            try await room.ledger.database.read { try $0.value("SELECT state FROM request WHERE uri = \(uri)") }
        }
        let desk = room.ledger.desk
        _ = try await desk.carryOut(.drop, like: filter { $0.owner = WaitingRoom.owner(0) }, now: room.clock.now())
        #expect(try await state() == "resolved")
        #expect(try await room.jobs(in: .queued).map(\.owner) == [second])
        _ = try await desk.carryOut(.drop, like: filter { $0.owner = second }, now: room.clock.now())
        #expect(try await state() == "dropped")
    }

    /// A ledger with three requests that are looked up.
    private func lookedUp(_ world: World) async throws -> Ledger {
        let ledger = try await Ledger.open(directory: world.directory.path, access: .daemon)
        var classifier = EventClassifier(NotifierConfiguration(rules: [try World.rule()]), sender: nil)
        let events = try (1...3).map { try World.event($0, at: world.clock) }
        let now = world.clock.now()
        _ = try await ledger.queue(Timetable()).store(
            World.batch(events),
            events.compactMap { classifier.classify($0, now: now) },
            now: now
        )
        return ledger
    }

    @Test func `finds what is looked up behind any number that waits for an account`() async throws {
        let world = try World()
        let ledger = try await lookedUp(world)
        let until = world.clock.now().seconds + 60
        try await ledger.database.write { database in
            try database.execute(
                sql: "UPDATE request SET reason = ?, wait_until = ? WHERE id > (SELECT min(id) FROM request)",
                arguments: [Reason.repositoryInactive.rawValue, until]
            )
        }
        #expect(try await ledger.desk.jobs(in: .lookup, limit: 2).map(\.state) == [.lookup])
        #expect(try await ledger.desk.jobs(in: .deferred, limit: 2).map(\.state) == [.deferred, .deferred])
        #expect(try await ledger.desk.concerned(by: .drop, like: filter { $0.state = .lookup }) == [.lookup: 1])
    }

    @Test func `takes requests that have no job yet, and each once`() async throws {
        let world = try World()
        let ledger = try await lookedUp(world)
        let now = world.clock.now()
        let lookup = filter { $0.state = .lookup }
        #expect(try await ledger.desk.concerned(by: .drop, like: lookup) == [.lookup: 3])
        #expect(try await ledger.desk.carryOut(.drop, like: lookup, now: now) == 3)
        let dropped = filter { ($0.state, $0.reason) = (.dropped, .operatorDecision) }
        #expect(try await ledger.desk.carryOut(.retry, like: dropped, now: now) == 3)
        #expect(try await ledger.desk.concerned(by: .retry, like: lookup) == [.lookup: 3])
    }
}
