import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

@Suite(.timeLimit(.minutes(2))) struct `From the stream to the chat` {
    @Test func `one change request becomes one message to the owner of the project`() async throws {
        let world = try World()
        try await world.run([World.batch(try World.event(at: world.clock))])
        let messages = world.chat.messages
        #expect(messages.map(\.owner) == [World.owner])
        #expect(
            messages.first?.text.hasPrefix(
                "“Please mend the door” for “Project p1”\nhttps://example.com/did:plc:author"
            )
                == true
        )
        let job = try #require(try await world.jobs().first)
        #expect(job.state == .delivered)
        #expect(job.owner == World.owner)
    }

    @Test func `the same event again, in another run too, sends nothing (invariant 2)`() async throws {
        let world = try World()
        let event = try World.event(at: world.clock)
        try await world.run([World.batch(event, event), World.batch(event)])
        try await world.run([World.batch(event)])
        #expect(world.chat.messages.count == 1)
        #expect(try await world.jobs().count == 1)
    }

    @Test(arguments: [
        ScriptedChat.Fault.lostAfter, .carriedOut(status: 502, body: "{}"), .carriedOut(status: 200, body: #"{"id":"#),
    ])
    func `a message whose answer is lost is found in the conversation`(fault: ScriptedChat.Fault) async throws {
        let world = try World()
        world.chat.fail("sendMessage", with: fault)
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages.count == 1)
        #expect(try await world.jobs().map(\.state) == [.delivered])
        #expect(world.chat.calls.count { $0 == "sendMessage" } == 1)
    }

    @Test func `a message that is proven not to have arrived is sent again, once`() async throws {
        let world = try World()
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages.count == 1)
        #expect(world.chat.calls.count { $0 == "sendMessage" } == 2)
    }

    @Test func `a message that never arrives becomes uncertain and is not sent a third time`() async throws {
        let world = try World()
        world.chat.fail("sendMessage", with: .lostBefore, .lostBefore, .lostBefore)
        try await world.run([World.batch(try World.event(at: world.clock))])
        let job = try #require(try await world.jobs().first)
        #expect(job.state == .uncertain)
        #expect(job.reason == .sendsExhausted)
        #expect(world.chat.calls.count { $0 == "sendMessage" } == 2)
    }

    @Test func `a block suppresses the owner for good and calls everything else off`() async throws {
        let world = try World()
        world.chat.refuse(World.owner, #"{"error":"BlockedActor","message":"block between recipient and sender"}"#)
        try await world.run([World.batch(try World.event(1, at: world.clock), try World.event(2, at: world.clock))])
        world.chat.refuse(World.owner, nil)
        try await world.run([World.batch(try World.event(3, at: world.clock))])
        #expect(world.chat.messages.isEmpty)
        #expect(Set(try await world.jobs().map(\.reason)) == [.ownerBlocked, .ownerSuppressed])
    }

    @Test func `a rate limit holds the sender and loses nothing`() async throws {
        let world = try World()
        let headers: HTTPHeaders = ["ratelimit-remaining": "2900"]
        world.chat.fail(
            "sendMessage",
            with: .answer(
                status: 429,
                body: #"{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}"#,
                headers: headers
            )
        )
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages.count == 1)
    }

    @Test func `a missing scope pauses the sender, keeps the queue, and a probe ends the pause`() async throws {
        let world = try World()
        world.chat.fail(
            "getConvoForMembers",
            with: .answer(status: 403, body: #"{"error":"ScopeMissingError","message":"Missing required scope"}"#)
        )
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages.count == 1)
        #expect(world.chat.calls.contains("getStatus"))
    }

    @Test func `an author's own project and the sender's own project cause no message`() async throws {
        let world = try World()
        let own = try World.event(1, by: World.owner, at: world.clock)
        let senders = try World.event(2, for: World.sender, at: world.clock)
        try await world.run([World.batch(own, senders)])
        #expect(world.chat.messages.isEmpty)
        #expect(Set(try await world.jobs().map(\.reason)) == [.authorIsOwner, .ownerIsSender])
    }

    @Test func `a delete in the same batch calls the message off`() async throws {
        let world = try World()
        let created = try World.event(1, at: world.clock)
        let deleted = try World.event(1, operation: .delete, at: world.clock, rev: 2)
        try await world.run([World.batch(created, deleted)])
        #expect(world.chat.messages.isEmpty)
        #expect(try await world.jobs().map(\.reason) == [.recordDeleted])
    }

    @Test func `an update before sending replaces the text, one after sending says nothing`() async throws {
        let world = try World()
        let created = try World.event(1, at: world.clock)
        let updated = try World.event(1, operation: .update, title: "Please mend the window", at: world.clock, rev: 2)
        let late = try World.event(1, operation: .update, title: "Too late", at: world.clock, rev: 3)
        try await world.run([World.batch(created, updated)])
        try await world.run([World.batch(late)])
        #expect(world.chat.messages.map { $0.text.prefix(24) } == ["“Please mend the window”"])
    }

    @Test func `only followers get messages, the others wait`() async throws {
        var world = try World()
        world.configuration.policy.recipients = .followers
        let other = World.did("other")
        world.http = .world(followers: [other])
        try await world.run([
            World.batch(try World.event(1, at: world.clock), try World.event(2, for: other, at: world.clock))
        ]) {
            $0[.delivered] == 1 && $0[.deferred] == 1
        }
        #expect(world.chat.messages.map(\.owner) == [other])
        #expect(try await world.jobs().contains { $0.state == .deferred })
    }

    @Test func `a word to stop suppresses, and a word to start lifts it`() async throws {
        var world = try World()
        world.configuration.sending.answersInterval = .seconds(60)
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        world.chat.say("Stop.", by: World.owner)
        try await world.run([World.batch(try World.event(2, at: world.clock))])
        let ledger = try await world.directory.ledger()
        #expect(try await ledger.suppressions.all().map(\.reason) == [.ownerStopped])
        #expect(world.chat.notices(to: World.owner).count == 1)
        world.chat.say("START", by: World.owner)
        try await world.run([World.batch(try World.event(3, at: world.clock))])
        try await world.run([World.batch(try World.event(4, at: world.clock))])
        #expect(try await ledger.suppressions.all().isEmpty)
        #expect(world.chat.notices(to: World.owner).count >= 2)
    }

    @Test func `a PDS that does not answer delays the message and does not lose it`() async throws {
        var world = try World()
        world.configuration.lookup.projectPatience = .zero
        world.http = ScriptedClient { request in
            .failure(HTTPError(code: .timeout, origin: request.url.origin, detail: "10 s", mayHaveBeenSent: true))
        }
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(world.chat.messages.first?.text.hasPrefix("“Please mend the door” for “p1”") == true)
    }
}
