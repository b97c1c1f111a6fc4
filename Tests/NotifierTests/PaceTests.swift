import ATProtocol
import Firehose
import Network
internal import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What the chat service sees of a sender: no more in an hour or a day than allowed, however often it starts.
@Suite(.timeLimit(.minutes(2))) struct `The pace of a sender` {
    private static let owners = (0..<40).map {
        World.did("owner" + String(repeating: "b", count: $0 % 8) + "\(["c", "d", "e", "f", "g"][$0 / 8])")
    }

    /// A world in which no owner takes messages, and a request to each.
    private func refusing(_ number: Int) throws -> (World, [StreamBatch]) {
        var world = try World()
        world.configuration.policy.disabledInterval = .seconds(30 * 86_400)
        let events = try Self.owners.prefix(number).enumerated().map { number, owner in
            world.chat.refuse(owner, #"{"error":"MessagesDisabled"}"#)
            return try World.event(
                number + 1,
                by: World.did("author" + ["a", "b"][number % 2]),
                for: owner,
                at: world.clock
            )
        }
        return (world, [World.batch(events)])
    }

    private func openings(_ world: World) -> Int { world.chat.calls.count { $0 == "getConvoForMembers" } }

    @Test func `opening conversations is paced like messages, over restarts too`() async throws {
        var (world, batches) = try refusing(40)
        world.configuration.sending.interval = .seconds(15)
        for number in 1...3 {
            try await world.run(number == 1 ? batches : []) { ($0[.deferred] ?? 0) >= number }
            #expect(openings(world) == number)
            world.clock.advance(14)
            try await world.run([World.batch(try World.event(100 + number, by: World.owner, at: world.clock))]) {
                ($0[.deferred] ?? 0) >= number
            }
            #expect(openings(world) == number, "a second before its time")
            world.clock.advance(1)
        }
    }

    @Test func `owners who refuse count for the day's messages`() async throws {
        var (world, batches) = try refusing(20)
        world.configuration.sending.dailyLimit = 2
        try await world.run(batches) { $0[.deferred] == 2 && $0[.queued] == 18 }
        #expect(openings(world) == 2)
        world.clock.advance(86_401)
        try await world.run([]) { $0[.deferred] == 4 && $0[.queued] == 16 }
        #expect(openings(world) == 4)
    }

    @Test func `owners who refuse count for their author's hour, and for nobody else's`() async throws {
        var (world, batches) = try refusing(20)
        world.configuration.policy.authorHourlyLimit = 3
        try await world.run(batches, untilNothingIsDue: true) { $0[.deferred] == 6 && $0[.queued] == 14 }
        #expect(openings(world) == 6)
        let friend = try World.event(200, by: World.did("friendly"), for: World.did("friend"), at: world.clock)
        try await world.run([World.batch(friend)]) { $0[.delivered] == 1 }
        #expect(openings(world) == 7)
        world.clock.advance(3601)
        try await world.run([], untilNothingIsDue: true) { $0[.deferred] == 12 }
        #expect(openings(world) == 13)
    }

    @Test func `what could not be sent for a week is dropped, and an operator may have it told`() async throws {
        var world = try World()
        world.configuration.sending.dailyLimit = 1
        let events = try (1...3).map { try World.event($0, for: Self.owners[$0], at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.delivered] == 1 && $0[.queued] == 2 }
        world.clock.advance(7 * 86_400 - 60)
        try await world.run([]) { $0[.delivered] == 2 && $0[.queued] == 1 }
        world.clock.advance(61)
        try await world.run([]) { $0[.delivered] == 2 && $0[.dropped] == 1 }
        let dropped = try #require(try await world.jobs().first { $0.state == .dropped })
        #expect(dropped.reason == .queueExpired)
        let ledger = try await world.directory.ledger()
        _ = try await ledger.desk.carryOut(.retry, about: dropped.uri, now: world.clock.now())
        world.clock.advance(86_400)
        try await world.run([]) { $0[.delivered] == 3 }
    }

    @Test func `a clock that is ahead drops nothing that waits for its turn`() async throws {
        var world = try World()
        world.configuration.sending.dailyLimit = 1
        world.networkAgrees = false
        let events = try (1...2).map { try World.event($0, for: Self.owners[$0], at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.delivered] == 1 && $0[.queued] == 1 }
        world.clock.advance(365 * 86_400)
        try await world.run([]) { $0[.delivered] == 2 }
    }

    @Test func `a rate limit holds over restarts and longer each time, whatever the clock says`() async throws {
        var world = try World()
        world.configuration.sending.firstLimitWait = .seconds(60)
        let limit = ScriptedChat.Fault.answer(
            status: 429,
            body: #"{"error":"RateLimitExceeded"}"#,
            headers: ["RateLimit-Remaining": "10"]
        )
        world.chat.fail("sendMessage", with: limit, limit)
        let chat = world.chat
        func sends() -> Int { chat.calls.count { $0 == "sendMessage" } }
        func limited(_ world: World, _ events: [StreamEvent]) async throws {
            let batches = events.isEmpty ? [] : [World.batch(events)]
            try await world.run(batches) { $0[.queued] == 2 }
        }
        try await world.run([World.batch(try World.event(1, at: world.clock))]) { [happened = chat.happened] _ in
            _ = happened
            return chat.calls.contains("sendMessage")
        }
        #expect(sends() == 1)
        try await limited(world, [try World.event(2, for: World.did("other"), at: world.clock)])
        world.clock.advance(59)
        try await limited(world, [])
        #expect(sends() == 1, "it was forgotten by a restart")
        world.clock.advance(1)
        try await world.run([]) { _ in chat.calls.count { $0 == "sendMessage" } == 2 }
        world.clock.advance(119)
        try await limited(world, [])
        #expect(sends() == 2, "it does not double over a restart")
        // A clock that was ahead when it was stored prolongs nothing beyond the longest of its kind.
        world.clock.advance(-365 * 86_400)
        try await limited(world, [])
        world.clock.advance(3600)
        try await world.run([]) { _ in chat.calls.count { $0 == "sendMessage" } >= 3 }
    }
}
