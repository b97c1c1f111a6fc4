import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// Whoever is asked, and however slowly they answer: everybody else's owner is found in the meantime.
@Suite(.timeLimit(.minutes(2))) struct `Look-ups take turns` {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `accounts that never answer hold nobody else up`() async throws {
        var world = try World()
        world.configuration.lookup.concurrency = 1
        let slow = ["b", "c", "d"].map { World.did("slow" + $0) }
        let gate = Gate()
        world.identities.hold(Set(slow), at: gate)
        let events = try slow.enumerated().map { number, owner in
            try World.event(number + 1, by: World.did("flood"), for: owner, at: world.clock)
        }
        try await world.run([World.batch(events + [try World.event(100, at: world.clock)])]) { counts in
            if counts[.delivered] == 1 { gate.open() }
            return counts[.delivered] == 4
        }
        #expect(world.chat.messages.first?.owner == World.owner)
    }

    @Test(arguments: [true, false])
    func `many authors at one owner, and one author at many, come behind everybody else`(isOneOwner: Bool) async throws
    {
        let (queue, clock) = (try await queue(), ManualClock())
        let many = ["b", "c", "d", "e", "f", "g"].map { World.did("many" + $0) }
        let flood = try many.enumerated().map { number, did in
            isOneOwner
                ? try World.event(number, by: did, for: World.did("aim"), at: clock)
                : try World.event(number, by: World.did("aim"), for: did, at: clock)
        }
        let innocent = try World.event(100, at: clock)
        for event in flood + [innocent] { try await store(event, queue, clock) }
        let due = try await queue.dueLookups(limit: 10, excluding: [], now: clock.now()).map(\.author)
        #expect(due.count == 7 && due.firstIndex(of: innocent.did) == 2)
    }

    @Test func `one author's flood at an owner keeps nobody else from that owner`() async throws {
        let (queue, clock) = (try await queue(), ManualClock())
        for number in 0..<30 {
            try await store(try World.event(number, by: World.did("flood"), at: clock), queue, clock)
        }
        let innocent = try World.event(100, at: clock)
        try await store(innocent, queue, clock)
        let due = try await queue.dueLookups(limit: 40, excluding: [], now: clock.now()).map(\.author)
        #expect(due.firstIndex(of: innocent.did) == 2)
    }

    @Test func `an inflow of new authors and owners that is faster than look-ups keeps nobody's turn`() async throws {
        let (queue, clock) = (try await queue(), ManualClock())
        try await store(try World.event(1, by: World.did("one"), at: clock), queue, clock)
        let second = try World.event(2, by: World.did("two"), at: clock)
        try await store(second, queue, clock)
        var begun: Set<Int64> = []
        for (number, name) in "abcdefghijklmnopqrstuvwxyz234567".enumerated() {
            // Two come for each that is begun, and none of them ends.
            for (part, end) in ["a", "b"].enumerated() {
                let event = try World.event(
                    10 + 2 * number + part,
                    by: World.did("new\(name)\(end)"),
                    for: World.did("aim\(name)\(end)"),
                    at: clock
                )
                try await store(event, queue, clock)
            }
            let next = try #require(try await queue.dueLookups(limit: 1, excluding: begun, now: clock.now()).first)
            begun.insert(next.request)
            if next.author == second.did { return }
        }
        Issue.record("it is never its turn")
    }

    private func queue() async throws -> JobQueue {
        try await World.ledger(in: directory).queue(Timetable())
    }

    private func store(_ event: StreamEvent, _ queue: JobQueue, _ clock: ManualClock) async throws {
        var classifier = EventClassifier(NotifierConfiguration(rules: [try World.rule()]), sender: nil)
        let items = [classifier.classify(event, now: clock.now())].compactMap(\.self)
        _ = try await queue.store(World.batch(event), items, now: clock.now())
        // Turns are given as requests come.
        _ = try await queue.dueLookups(limit: 0, excluding: [], now: clock.now())
        clock.advance(1)
    }

    @Test func `a name that does not come keeps no message`() async throws {
        var world = try World()
        world.configuration.rules = [try World.rule(message: "{{author.name}}: {{record.title}}")]
        let gate = Gate()
        world.identities.hold([World.author], at: gate)
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages(to: World.owner).first?.text.contains("\(World.author): “Please") == true)
        gate.open()
    }
}
