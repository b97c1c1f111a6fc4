import ATProtocol
internal import GRDB
import Network
internal import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// Rows that were dated by a clock that was wrong, or that is set while they wait (invariant 12).
@Suite(.timeLimit(.minutes(2))) struct `A ledger under a wrong clock` {
    private static let steps: [Duration] = [-7200, -90, 43_200, 180_000, 31_536_000, -31_536_000]
    private static let owners = (
        queued: World.did("queued"), setting: World.did("setting"), follow: World.did("follow")
    )
    private static let unknown = World.did("unknown")

    /// One request in look-up, one queued, two that wait for their owners, and one that is delivered.
    private func waitingWorld(retention: Duration = .seconds(90 * 86_400)) async throws -> World {
        var world = try World()
        world.configuration.sending.retention = retention
        world.configuration.sending.firstWait = .seconds(5)
        world.configuration.sending.maximumWait = .seconds(900)
        world.configuration.lookup.firstWait = .seconds(15)
        world.configuration.lookup.maximumWait = .seconds(3600)
        world.chat.refuse(Self.owners.queued, status: 500, "{}")
        world.chat.refuse(Self.owners.setting, #"{"error":"MessagesDisabled"}"#)
        world.chat.refuse(Self.owners.follow, #"{"error":"NotFollowedBySender"}"#)
        let owners = [Self.owners.queued, Self.owners.setting, Self.owners.follow, World.owner]
        let batch = World.batch(try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) })
        try await world.run([batch]) {
            $0[.deferred] == 2 && $0[.queued] == 1 && $0[.delivered] == 1
        }
        world.identities.fail()
        try await world.run([World.batch(try World.event(5, for: Self.unknown, at: world.clock))], isDone: Self.waits)
        return world
    }

    /// Whether all stand where they wait.
    private static func waits(_ counts: [JobState: Int]) -> Bool {
        counts[.deferred] == 2 && counts[.queued] == 1 && counts[.lookup] == 1
    }

    @Test(arguments: steps) func `has nothing wait longer than its longest wait at the next start`(
        _ step: Duration
    ) async throws {
        let world = try await waitingWorld()
        let own = try await world.jobs().reduce(into: [ATURI: Duration]()) { $0[$1.uri] = $1.dueAt - $1.updatedAt }
        world.clock.advance(step)
        try await correct(world)
        let now = world.clock.now()
        let longest: [DID: Duration] = [
            Self.owners.queued: 900, Self.owners.setting: 7 * 86_400, Self.owners.follow: 30 * 86_400,
            Self.unknown: 3600,
            World.owner: .seconds(Int64.max),
        ]
        for job in try await world.jobs() {
            let owner = job.owner ?? Self.unknown
            #expect(job.dueAt - now <= longest[owner] ?? 0, "\(owner) after \(step.wholeSeconds) s")
            if step < .zero, !job.state.isFinal {
                #expect(job.dueAt - now <= own[job.uri] ?? .zero, "\(owner) after \(step.wholeSeconds) s")
            }
            if let end = job.waitUntil { #expect(end - now <= 30 * 86_400, "\(owner) after \(step.wholeSeconds) s") }
        }
    }

    private func correct(_ world: World) async throws {
        let ledger = try await World.ledger(in: world.directory)
        let queue = ledger.queue(Timetable(world.configuration))
        try await queue.correctAllWaits(now: world.clock.now())
    }

    @Test(arguments: steps) func `tells what waited when its clock is set while it runs`(_ step: Duration) async throws
    {
        var world = try await waitingWorld()
        world.networkAgrees = false
        try await agree(world, at: world.clock.now())
        let steady = ManualClock(world.clock.now())
        world.steadyClock = steady
        world.sleeper = HurriedClock()
        let stage = Mutex(0)
        try await world.run([]) { [clock = world.clock, chat = world.chat] counts in
            stage.withLock { stage in
                if stage == 0, Self.waits(counts) {
                    clock.advance(step)
                    chat.refuse(Self.owners.queued, nil)
                    stage = 1
                } else if stage == 1, steady.now() < 1_790_000_000 + 3000 {
                    // The longest wait of what the service refused.
                    clock.advance(90)
                    steady.advance(90)
                }
            }
            return chat.messages(to: Self.owners.queued).count == 1
        }
        #expect(steady.now() < 1_790_000_000 + 3600)
    }

    @Test func `ends nothing that the network does not know to be over`() async throws {
        var world = try await waitingWorld(retention: .seconds(40 * 86_400))
        let news = World.batch(try World.event(9, for: World.did("new"), at: world.clock))
        let year = Duration.seconds(365 * 86_400)
        world.clock.advance(year)
        world.networkAgrees = false
        try await agree(world, at: world.clock.now() - year)
        world.identities.move(to: "https://pds.test")
        try await world.run([news]) { $0[.delivered] == 3 }
        #expect(try await world.jobs().count { $0.state == .deferred } == 2)
        try await agree(world, at: world.clock.now())
        // What our clock alone says to be over rests.
        world.clock.advance(600)
        try await world.run([]) { counts in counts[.deferred] == nil && counts[.delivered] == 2 }
    }

    private func agree(_ world: World, at time: UnixTime) async throws {
        try await World.ledger(in: world.directory).letNetworkAgree(
            until: time.microseconds
        )
    }

    @Test func `keeps since when something fails or is queued when its clock is set, and set back`() async throws {
        let world = try await waitingWorld()
        // The look-up has failed once.
        try await world.run([], untilNothingIsDue: true, isDone: Self.waits)
        let ledger = try await World.ledger(in: world.directory)
        let queue = ledger.queue(Timetable(world.configuration))
        func dates() async throws -> [UnixTime] {
            try await ledger.database.read { database in
                try database.values(
                    """
                    SELECT failing_since FROM request WHERE failing_since IS NOT NULL
                    UNION ALL SELECT queued_at FROM job WHERE queued_at IS NOT NULL
                    """
                )
            }
        }
        let before = try await dates()
        #expect(before.count >= 2)
        let year = Duration.seconds(365 * 86_400)
        for step in [.zero - year, year] {
            let old = world.clock.now()
            world.clock.advance(step)
            for dated in [JobQueue.Dated.failures, .queued] {
                _ = try await queue.correct(dated, before: old, by: step, now: world.clock.now())
            }
        }
        #expect(try await dates() == before)
        // By a clock that was ahead, when nothing ran.
        world.clock.advance(.zero - year)
        try await queue.correctAllWaits(now: world.clock.now())
        #expect(try await dates().allSatisfy { $0 <= world.clock.now() })
    }

    @Test func `keeps the limits when its clock is set`() async throws {
        for step in Self.steps {
            var world = try World()
            world.configuration.policy.ownerHourlyLimit = 1
            try await world.run([World.batch(try World.event(1, at: world.clock))])
            let before = world.clock.now()
            world.clock.advance(step)
            let ledger = try await World.ledger(in: world.directory)
            let queue = ledger.queue(Timetable(world.configuration))
            let now = world.clock.now()
            try await queue.countOpening(for: World.author, now: before)
            for (dated, table) in [(JobQueue.Dated.messages, "message"), (.openings, "opening")] {
                let last = try await queue.correct(dated, before: before, by: step, now: now)
                #expect(try await queue.correct(dated, before: before, by: step, after: last, now: now) == nil)
                let sentAt: UnixTime? = try await ledger.database.read { database in
                    try database.value("SELECT max(sent_at) FROM \(sql: table)")
                }
                #expect(sentAt == now, "\(table) after \(step.wholeSeconds) s")
            }
        }
    }

    @Test func `what may not wait so long is found behind all that may`() async throws {
        let room = try await WaitingRoom()
        let now = room.clock.now()
        let limited = try await room.add(WaitingRoom.owners(1..<1001), waitingFor: nil)
        _ = try await room.queue.apply(.postponed(.authorLimit), to: limited, wait: .seconds(7200), now: now)
        let failed = try await room.add([WaitingRoom.owner(0)], waitingFor: nil)
        let verdict = Verdict(1, .retry, .serverError)
        _ = try await room.queue.apply(.failed(verdict), to: failed, wait: .seconds(10_000), now: now)
        try await room.queue.correctAllWaits(now: now)
        let jobs = try await room.jobs(in: .queued)
        #expect(jobs.filter { $0.reason == .authorLimit }.allSatisfy { $0.dueAt == now + .seconds(7200) })
        #expect(jobs.filter { $0.reason == .serverError }.map(\.dueAt) == [now + .seconds(900)])
    }
}
