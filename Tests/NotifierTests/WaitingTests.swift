import ATProtocol
import Network
import TestSupport
import Testing

@testable import Notifier

@Suite struct `Owners who are waited for` {
    private static let question = "/xrpc/app.bsky.graph.getRelationships"

    /// A network on which every owner stands in this relationship to the sender.
    private static func network(_ relationship: [String: JSONValue]) -> ScriptedClient {
        let network = ScriptedClient.world()
        network.script(question, [.json(["relationships": .array([.object(relationship)])])])
        return network
    }

    @Test func `who was waited for for long is looked up as patiently as anybody`() async throws {
        var world = try World()
        world.configuration.lookup.firstWait = .seconds(15)
        world.chat.refuse(World.owner, #"{"error":"MessagesDisabled"}"#)
        try await world.run([World.batch(try World.event(at: world.clock))])
        world.chat.refuse(World.owner, nil)
        world.clock.advance(7 * 86_400 + 1)
        world.identities.fail()
        for _ in 0..<6 {
            try await world.run([], untilNothingIsDue: true) { $0[.lookup] == 1 }
            world.clock.advance(3601)
        }
        world.identities.move(to: "https://pds.test")
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.count == 1)
    }

    @Test func `the log says once for each request why it waits, however often is asked`() async throws {
        var world = try World()
        let log = LogRecorder()
        world.logger = log.logger
        world.configuration.policy.recipients = .followers
        world.configuration.policy.followInterval = .zero
        let http = Self.network(["did": .string(World.owner.text)])
        world.http = http
        try await world.run([World.batch([try World.event(1), try World.event(2)])]) { counts in
            counts[.deferred] == 2 && http.count(Self.question) >= 5
        }
        let lines = log.lines.filter { $0.message == "job waits for its owner" }
        #expect(lines.map { $0.metadata["reason"] } == ["owner-not-following", "owner-not-following"])
        #expect(Set(lines.map { $0.metadata["uri"] }).count == 2)
        #expect(lines.allSatisfy { $0.metadata["did"] == World.owner.text })
    }

    @Test func `a block ends every request of its owner, each with a line of its own`() async throws {
        var world = try World()
        let log = LogRecorder()
        world.logger = log.logger
        world.configuration.policy.recipients = .followers
        let unanswered = ScriptedClient.world()
        unanswered.script(Self.question, [.success(HTTPResponse(status: 503))])
        world.http = unanswered
        try await world.run([World.batch([try World.event(1), try World.event(2)])]) { $0[.deferred] == 2 }
        world.http = Self.network([
            "did": .string(World.owner.text), "blockedBy": "at://x/app.bsky.graph.block/y",
        ])
        world.clock.advance(901)
        try await world.run([]) { $0[.dropped] == 2 }
        let lines = log.lines.filter { $0.message == "job dropped" }
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.metadata["reason"] == "owner-blocked" && $0.metadata["uri"] != nil })
        #expect(log.count("owner suppressed") == 1)
    }

    /// Two requests of a follower of which one is told today.
    private func toldOne() async throws -> World {
        var world = try World()
        world.configuration.policy.recipients = .followers
        world.configuration.sending.dailyLimit = 1
        world.http = .world(followers: [World.owner])
        let events = [try World.event(1, at: world.clock), try World.event(2, at: world.clock)]
        try await world.run([World.batch(events)]) { $0[.delivered] == 1 && $0[.queued] == 1 }
        #expect(world.http.count(Self.question) == 1)
        world.clock.advance(86_401)
        return world
    }

    @Test func `a follower's request does not wait, and an owner who stopped following is not written to`() async throws
    {
        var world = try await toldOne()
        world.http = .world()
        try await world.run([]) { $0[.deferred] == 1 }
        #expect(world.chat.messages.count == 1)
        #expect(try await world.jobs().compactMap(\.reason) == [.ownerNotFollowing])
        // Who follows again gets it.
        world.http = .world(followers: [World.owner])
        world.clock.advance(901)
        try await world.run([]) { $0[.delivered] == 2 }
    }

    @Test func `who cannot be asked after before sending waits for the AppView`() async throws {
        var world = try await toldOne()
        world.http = .world(followers: [World.owner])
        world.http.script(Self.question, [.success(HTTPResponse(status: 502))])
        try await world.run([]) { $0[.deferred] == 1 }
        #expect(try await world.jobs().compactMap(\.reason) == [.relationshipUnknown])
        world.http = .world(followers: [World.owner])
        world.clock.advance(16)
        try await world.run([]) { $0[.delivered] == 2 }
    }
}
