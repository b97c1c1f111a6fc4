import ATProtocol
import Firehose
import Network
import TestSupport
import Testing

@testable import Notifier

@Suite(.timeLimit(.minutes(2))) struct `Several requests for one owner` {
    private func world(window: Duration) throws -> World {
        var world = try World()
        world.configuration.digest = DigestConfiguration()
        world.configuration.digest.window = window
        return world
    }

    @Test func `the first is told at once, those of the window behind it in one message that lists and counts`()
        async throws
    {
        var world = try world(window: .seconds(300))
        world.configuration.digest.maximumListed = 2
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        #expect(world.chat.messages.count == 1)
        let more = try (2...5).map { try World.event($0, title: "Number \($0)", at: world.clock) }
        try await world.run([World.batch(more)], untilNothingIsDue: true) { $0[.queued] == 4 }
        world.clock.advance(299)
        let last = try World.event(6, title: "Number 6", at: world.clock)
        try await world.run([World.batch([last])], untilNothingIsDue: true) { $0[.queued] == 5 }
        let waiting = try await world.jobs().filter { $0.state == .queued }
        #expect(waiting.contains { $0.reason == .digestWindow })
        #expect(world.chat.messages.count == 1)
        world.clock.advance(2)
        try await world.run([])
        #expect(world.chat.messages.count == 2)
        let digest = try #require(world.chat.messages.last?.text)
        #expect(digest.hasPrefix("5 new change requests for your projects:"))
        #expect(digest.contains("• “Number 2”") && digest.contains("• “Number 3”") && digest.contains("… and 3 more."))
        #expect(try await world.jobs().allSatisfy { $0.state == .delivered })
    }

    @Test func `list each author's first before anybody's second`() async throws {
        var world = try world(window: .seconds(300))
        world.configuration.digest.maximumListed = 2
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        let flood = try (2...6).map { try World.event($0, title: "Flood \($0)", at: world.clock) }
        let other = try World.event(7, by: World.did("other"), title: "Mine", at: world.clock)
        try await world.run([World.batch(flood + [other])]) { $0[.queued] == 6 }
        world.clock.advance(301)
        try await world.run([])
        let digest = try #require(world.chat.messages.last?.text)
        #expect(digest.contains("• “Flood 2”") && digest.contains("• “Mine”") && digest.contains("… and 4 more."))
    }

    @Test func `another owner is not kept waiting by the window`() async throws {
        let world = try world(window: .seconds(300))
        let other = World.did("other")
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        try await world.run([World.batch(try World.event(2, for: other, at: world.clock))])
        #expect(world.chat.messages.map(\.owner) == [World.owner, other])
    }

    @Test func `each has a message of its own, at once, when requests are not combined`() async throws {
        var world = try world(window: .seconds(300))
        world.configuration.digest.maximumListed = 1
        try await world.run([World.batch(try (1...3).map { try World.event($0, at: world.clock) })])
        #expect(world.chat.messages.count == 3)
    }

    @Test func `what waited for a limit is told together`() async throws {
        var world = try world(window: .zero)
        world.configuration.policy.ownerHourlyLimit = 1
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        let more = try (2...4).map { try World.event($0, title: "Number \($0)", at: world.clock) }
        try await world.run([World.batch(more)]) { $0[.queued] == 3 }
        world.clock.advance(3601)
        try await world.run([])
        #expect(world.chat.messages.count == 2)
        #expect(world.chat.messages.last?.text.hasPrefix("3 new change requests") == true)
    }

    @Test func `are told in two messages when one is deleted while the first is in doubt`() async throws {
        var world = try world(window: .seconds(10))
        world.configuration.sending.settle = .seconds(60)
        try await world.run([World.batch(try World.event(9, title: "Before", at: world.clock))])
        let events = try (1...3).map { try World.event($0, title: "Number \($0)", at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.queued] == 3 }
        world.clock.advance(11)
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([]) { $0[.verify] == 3 }
        let deleted = try World.event(2, operation: .delete, at: world.clock, rev: 9)
        try await world.run([World.batch(deleted)]) { $0[.verify] == 3 }
        world.clock.advance(61)
        try await world.run([])
        #expect(world.chat.messages.count == 2)
        let text = try #require(world.chat.messages.last?.text)
        #expect(text.contains("Number 1") && text.contains("Number 3") && !text.contains("Number 2"))
        #expect(try await world.jobs().filter { $0.reason == .recordDeleted }.count == 1)
    }
}
