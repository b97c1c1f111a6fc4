import ATProtocol
import Firehose
import Network
import TestSupport
import Testing

@testable import Notifier

/// Guards invariant 2 where two hosts tell the same, each at its own pace.
@Suite(.timeLimit(.minutes(1))) struct `What several hosts tell` {
    private let world: World
    private let author = World.author

    init() throws { world = try World() }

    /// The same event as another host tells it.
    private func elsewhere(_ event: StreamEvent) -> StreamEvent {
        var event = event
        event.position = StreamPosition(
            host: "other.test",
            wire: .relay,
            value: event.position.value + 5000,
            witnessed: event.position.witnessed - 300_000
        )
        return event
    }

    private func account(isActive: Bool, secondsAgo: Double) -> StreamEvent {
        let witnessed = (world.clock.now() - .seconds(secondsAgo)).microseconds
        let position = StreamPosition(host: "other.test", wire: .relay, value: 9, witnessed: witnessed)
        return StreamEvent(position: position, did: author, body: .account(isActive: isActive, status: nil))
    }

    @Test func `an event of both is one message`() async throws {
        let events = try (1...5).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events), World.batch(events.map(elsewhere))])
        #expect(world.chat.messages.count == 5)
    }

    @Test func `what one of them has deleted already is not brought back by the other`() async throws {
        let created = try World.event(1, at: world.clock)
        let deleted = try World.event(1, operation: .delete, at: world.clock, rev: 2)
        try await world.run([World.batch(created, deleted), World.batch(elsewhere(created))])
        #expect(world.chat.messages.isEmpty)
        #expect(try await world.jobs().map(\.reason) == [.recordDeleted])
    }

    @Test func `an account that was inactive an hour ago, by a host that is behind, calls nothing off`() async throws {
        let created = try World.event(1, at: world.clock)
        let past = [account(isActive: false, secondsAgo: 3600), account(isActive: true, secondsAgo: 3500)]
        try await world.run([World.batch([created] + past)])
        #expect(world.chat.messages.count == 1)
    }

    @Test func `an account that is inactive now calls off what it wrote`() async throws {
        let created = try World.event(1, at: world.clock)
        try await world.run([World.batch(created, account(isActive: false, secondsAgo: 0))])
        #expect(world.chat.messages.isEmpty)
        #expect(try await world.jobs().map(\.reason) == [.authorInactive])
    }
}
