import ATProtocol
internal import Firehose
import Network
internal import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// Whoever is asked, and however slowly they answer: everybody else's owner is found in the meantime.
@Suite(.timeLimit(.minutes(2))) struct `Look-ups take turns` {
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
        let directory = try TemporaryDirectory()
        let queue = try await Ledger.open(directory: directory.path, access: .daemon).queue(Timetable())
        let clock = ManualClock()
        var judge = EventClassifier(rules: [try World.rule()], policy: PolicyConfiguration(), sender: nil)
        let many = ["b", "c", "d", "e", "f", "g"].map { World.did("many" + $0) }
        let flood = try many.enumerated().map { number, did in
            isOneOwner
                ? try World.event(number, by: did, for: World.did("aim"), at: clock)
                : try World.event(number, by: World.did("aim"), for: did, at: clock)
        }
        let innocent = try World.event(100, at: clock)
        for event in flood + [innocent] {
            _ = try await queue.store(
                World.batch(event),
                [judge.judge(event, now: clock.now())].compactMap(\.self),
                now: clock.now()
            )
            clock.advance(1)
        }
        let due = try await queue.dueLookups(limit: 10, excluding: [], now: clock.now()).map(\.author)
        #expect(due.count == 7 && due.firstIndex(of: innocent.did) == 1)
    }

    @Test func `a name that does not come keeps no message`() async throws {
        var world = try World()
        world.configuration.rules = [try World.rule(message: "{{author.name}}: {{record.title}}")]
        let gate = Gate()
        world.identities.hold([World.author], at: gate)
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages(to: World.owner).first?.text.contains("\(World.author): Please") == true)
        gate.open()
    }
}
