import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// A request's newest version is what is told, whatever became of the ones before.
@Suite(.timeLimit(.minutes(2))) struct `The newest version` {
    private static let other = World.did("other")

    /// A world in which the first message is in doubt and did not arrive.
    private func doubt() async throws -> World {
        var world = try World()
        world.configuration.sending.settle = .seconds(120)
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([World.batch(try World.event(title: "first words", at: world.clock))]) { $0[.verify] == 1 }
        return world
    }

    private func resolve(
        _ world: World,
        _ events: StreamEvent...,
        until isDone: @escaping @Sendable ([JobState: Int]) -> Bool
    )
        async throws
    {
        try await world.run([World.batch(events)]) { _ in true }
        world.clock.advance(121)
        try await world.run([], isDone: isDone)
    }

    @Test func `another owner gets a request whose message to the first was in doubt and did not arrive`() async throws
    {
        let world = try await doubt()
        let update = try World.event(
            for: Self.other,
            operation: .update,
            title: "second words",
            at: world.clock,
            rev: 2
        )
        try await resolve(world, update) { $0[.delivered] == 1 && $0[.verify] == nil }
        #expect(world.chat.messages.map(\.owner) == [Self.other])
    }

    @Test func `an author who comes back and goes again is called off again`() async throws {
        var world = try await doubt()
        func gone(_ value: Int64) -> StreamEvent {
            let witnessed = world.clock.now().microseconds
            let position = StreamPosition(host: "host", wire: .jetstream2, value: value, witnessed: witnessed)
            return StreamEvent(position: position, did: World.author, body: .account(isActive: false, status: nil))
        }
        try await resolve(world, gone(2)) { $0[.dropped] == 1 && $0[.verify] == nil }
        // What is written after the return waits for the pace when they go the second time.
        world.clock.advance(3600)
        world.configuration.sending.interval = .seconds(86_400)
        let update = try World.event(operation: .update, title: "second words", at: world.clock, rev: 3)
        try await world.run([World.batch(update)]) { $0[.queued] == 1 }
        world.clock.advance(10)
        try await world.run([World.batch(gone(4))]) { $0[.dropped] == 1 && $0[.queued] == nil }
        #expect(world.chat.messages.isEmpty)
    }

    @Test func `words that were taken back while in doubt are not sent`() async throws {
        let world = try await doubt()
        let update = try World.event(operation: .update, title: "second words", at: world.clock, rev: 2)
        try await resolve(world, update) { $0[.delivered] == 1 }
        #expect(world.chat.messages.count == 1)
        #expect(world.chat.messages.allSatisfy { $0.text.contains("second words") })
    }

    @Test func `a request that was deleted and written anew for another owner while in doubt is told to them`()
        async throws
    {
        let world = try await doubt()
        let delete = try World.event(operation: .delete, at: world.clock, rev: 2)
        let create = try World.event(for: Self.other, title: "written anew", at: world.clock, rev: 3)
        try await resolve(world, delete, create) { $0[.delivered] == 1 && $0[.verify] == nil }
        #expect(world.chat.messages.map(\.owner) == [Self.other])
    }

    @Test func `a message in doubt that arrived stays told, and another owner is told as well`() async throws {
        var world = try World()
        world.configuration.sending.settle = .seconds(120)
        world.chat.fail("sendMessage", with: .lostAfter)
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.verify] == 1 }
        let update = try World.event(for: Self.other, operation: .update, title: "new", at: world.clock, rev: 2)
        try await resolve(world, update) { $0[.delivered] == 2 }
        #expect(Set(world.chat.messages.map(\.owner)) == [World.owner, Self.other])
        #expect(world.chat.messages.count == 2)
    }

    @Test(arguments: [StreamEvent.Commit.Operation.update, .create])
    func `another owner is told of what was delivered to the first`(operation: StreamEvent.Commit.Operation)
        async throws
    {
        let world = try World()
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.delivered] == 1 }
        var events: [StreamEvent] = []
        if operation == .create { events.append(try World.event(operation: .delete, at: world.clock, rev: 2)) }
        events.append(
            try World.event(for: Self.other, operation: operation, title: "another", at: world.clock, rev: 3)
        )
        try await world.run([World.batch(events)]) { $0[.delivered] == 2 }
        #expect(world.chat.messages.map(\.owner) == [World.owner, Self.other])
    }

    @Test func `who was told is not told again of other words`() async throws {
        let world = try World()
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.delivered] == 1 }
        let update = try World.event(operation: .update, title: "other words", at: world.clock, rev: 2)
        try await world.run([World.batch(update)]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.count == 1)
    }

    @Test func `a reference that was corrected is judged anew`() async throws {
        let world = try World()
        let ledger = try await world.directory.ledger()
        let suppressed = World.did("suppressed")
        try await ledger.suppressions.suppress(suppressed, reason: .operatorDecision, now: world.clock.now())
        let wrong = [World.author, suppressed, World.sender]
        for (number, owner) in wrong.enumerated() {
            try await world.run([World.batch(try World.event(number + 1, for: owner, at: world.clock))])
            let update = try World.event(
                number + 1,
                operation: .update,
                title: "corrected \(number)",
                at: world.clock,
                rev: 100 + number
            )
            try await world.run([World.batch(update)]) { $0[.delivered, default: 0] >= number + 1 }
        }
        #expect(world.chat.messages(to: World.owner).count == wrong.count)
    }
}
