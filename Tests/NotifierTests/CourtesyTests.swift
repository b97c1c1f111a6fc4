import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What owners may expect: to be asked nothing, to be waited for, and to be left alone.
@Suite(.timeLimit(.minutes(2))) struct `Courtesy to owners` {
    private static let question = "/xrpc/app.bsky.graph.getRelationships"

    private func followersOnly() throws -> World {
        var world = try World()
        world.configuration.policy.recipients = .followers
        return world
    }

    @Test func `an owner who follows at last gets what waited for them`() async throws {
        var world = try followersOnly()
        try await world.run([World.batch(try World.event(at: world.clock))]) { [http = world.http] counts in
            counts[.deferred] == 1 && http.count(Self.question) >= 1
        }
        world.http = .world(followers: [World.owner])
        world.clock.advance(899)
        try await world.run([]) { $0[.deferred] == 1 }
        #expect(world.chat.messages.isEmpty)
        world.clock.advance(2)
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.map(\.owner) == [World.owner])
    }

    @Test func `an owner who never follows is given up after thirty days`() async throws {
        let world = try followersOnly()
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        world.clock.advance(30 * 86_400 + 1)
        try await world.run([]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.waitExpired])
    }

    @Test func `thirty owners at most are asked after in one question, and each is asked after`() async throws {
        let world = try followersOnly()
        let letters = Array("abcdefghijklmnopqrstuvwxyz").map(String.init)
        let owners = (0..<65).map { World.did("victim\(letters[$0 / 26])\(letters[$0 % 26])") }
        let events = try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) }
        try await world.run([World.batch(events)]) { [http = world.http] counts in
            counts[.deferred] == 65 && http.count(Self.question) >= 3
        }
        let questions = world.http.requests.filter { $0.url.path == Self.question }
        let asked = questions.map { $0.url.values(of: "others") }
        #expect(asked.allSatisfy { (1...30).contains($0.count) })
        #expect(Set(asked.joined()).isSubset(of: owners.map(\.text)))
        #expect(try await world.jobs().allSatisfy { $0.state == .deferred })
    }

    @Test func `an owner who takes no messages is asked again after a week`() async throws {
        var world = try World()
        world.configuration.policy.maximumAge = .seconds(30 * 86_400)
        world.chat.refuse(World.owner, #"{"error":"MessagesDisabled"}"#)
        try await world.run([World.batch(try World.event(at: world.clock))])
        world.chat.refuse(World.owner, nil)
        world.clock.advance(6 * 86_400)
        // Another owner's message proves that the sender has looked at everybody's.
        let other = try World.event(2, for: World.did("other"), at: world.clock)
        try await world.run([World.batch(other)]) { $0[.delivered] == 1 }
        #expect(world.chat.messages(to: World.owner).isEmpty)
        world.clock.advance(86_401)
        try await world.run([]) { $0[.delivered] == 2 }
        #expect(world.chat.messages(to: World.owner).count == 1)
    }

    @Test func `a log that goes on elsewhere costs no word, for the conversations hold it`() async throws {
        var world = try World()
        world.configuration.sending.answersInterval = .seconds(60)
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        world.chat.say("stop", by: World.owner)
        world.clock.advance(61)
        world.chat.fail("getLog", with: .answer(status: 400, body: #"{"error":"InvalidRequest"}"#))
        try await world.run([World.batch(try World.event(2, at: world.clock))])
        #expect(world.chat.notices(to: World.owner).count == 1)
        let list = try await world.directory.ledger().suppressions
        #expect(try await list.all().map(\.reason) == [.ownerStopped])
        world.chat.say("start", by: World.owner)
        world.clock.advance(61)
        try await world.run([World.batch(try World.event(3, for: World.did("other"), at: world.clock))])
        #expect(try await list.all().isEmpty, "the new cursor is the one that is read on from")
    }

    @Test func `a conversation that is refused keeps no other from being heard when the log goes on elsewhere`()
        async throws
    {
        var world = try World()
        world.configuration.sending.answersInterval = .seconds(60)
        let owners = [World.owner, World.did("other")]
        let events = try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) }
        try await world.run([World.batch(events)])
        for owner in owners { world.chat.say("stop", by: owner) }
        world.clock.advance(61)
        let refusal = ScriptedChat.Fault.answer(status: 400, body: #"{"error":"InvalidRequest"}"#)
        world.chat.fail("getLog", with: refusal)
        world.chat.fail("getMessages", with: refusal)
        try await world.run([World.batch(try World.event(3, for: World.did("third"), at: world.clock))])
        let list = try await world.directory.ledger().suppressions
        #expect(try await list.all().map(\.reason) == [.ownerStopped])
    }

    @Test func `a log that can be read by nobody is given up, too`() async throws {
        var world = try World()
        world.configuration.sending.answersInterval = .seconds(60)
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        world.chat.say("stop", by: World.owner)
        world.clock.advance(61)
        for _ in 0..<4 { world.chat.fail("getLog", with: .answer(status: 200, body: "{")) }
        let list = try await world.directory.ledger().suppressions
        for number in 2...6 {
            let owner = World.did("other" + String(repeating: "x", count: number))
            try await world.run([World.batch(try World.event(number, for: owner, at: world.clock))])
            world.clock.advance(3600)
        }
        #expect(try await list.all().map(\.reason) == [.ownerStopped])
    }

    @Test func `who cannot hear “stop” for six hours says nothing until it can, over restarts too`() async throws {
        var world = try World()
        let log = LogRecorder()
        world.logger = log.logger
        world.configuration.sending.answersInterval = .seconds(60)
        func deafen(_ number: Int) {
            for _ in 0..<number { world.chat.fail("getLog", with: .answer(status: 502, body: "")) }
        }
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        for (number, hours) in [(2, 3.0), (3, 2.9)] {
            world.clock.advance(.seconds(hours * 3600))
            deafen(1)
            try await world.run([World.batch(try World.event(number, at: world.clock))])
            #expect(world.chat.notices(to: World.owner).count == number && log.count("sending paused") == 0)
        }
        world.clock.advance(720)
        deafen(5)
        world.chat.say("stop", by: World.owner)
        let events = [
            try World.event(4, at: world.clock), try World.event(5, for: World.did("other"), at: world.clock),
        ]
        try await world.run([World.batch(events)])
        #expect(world.chat.notices(to: World.owner).count == 3)
        #expect(world.chat.messages(to: World.did("other")).count == 1)
        #expect(log.metadata(of: "sending paused").map { $0["reason"] } == ["answers-unreadable"])
        #expect(log.count("sending resumed") == 1)
    }

    @Test func `only an operator lifts what an operator or a block decided, whatever the owner says`() async throws {
        var world = try World()
        world.configuration.sending.answersInterval = .seconds(60)
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        let ledger = try await world.directory.ledger()
        for reason in [Reason.operatorDecision, .ownerBlocked] {
            try await ledger.suppressions.suppress(World.owner, reason: reason, now: world.clock.now())
            world.chat.say("stop", by: World.owner)
            world.chat.say("start", by: World.owner)
            world.clock.advance(61)
            let number = reason == .ownerBlocked ? 3 : 2
            try await world.run([World.batch(try World.event(number, at: world.clock))])
            #expect(try await ledger.suppressions.all().map(\.reason) == [reason])
            try await ledger.suppressions.lift(World.owner)
        }
        #expect(world.chat.notices(to: World.owner).count == 1)
    }

    @Test func `blocked authors reach nobody, and the day's messages have an end`() async throws {
        var world = try World()
        let blocked = World.did("blocked")
        world.configuration.policy.blockedAuthors = [blocked]
        world.configuration.policy.ownerDailyLimit = 2
        let events = try (1...3).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events + [try World.event(4, by: blocked, at: world.clock)])]) {
            $0[.delivered] == 2 && $0[.queued] == 1
        }
        #expect(try await world.jobs().first { $0.author == blocked }?.reason == .authorBlocked)
        world.clock.advance(86_401)
        try await world.run([])
        #expect(world.chat.messages.count == 3)
    }

    @Test func `a message of ours that was deleted in the conversation was delivered`() throws {
        func scan(_ messages: JSONValue...) -> ConversationScan {
            var scan = ConversationScan(sender: World.sender, owner: World.owner, end: .revision("rev1"))
            scan.read(MessagePage(messages: messages.compactMap(ConversationMessage.init), cursor: "older"))
            return scan
        }
        func message(_ rev: String, by sender: DID, _ text: String?) -> JSONValue {
            var members: [String: JSONValue] = [
                "id": .string("id-\(rev)"), "rev": .string(rev), "sender": ["did": .string(sender.text)],
            ]
            members["text"] = text.map { .string($0) }
            return .object(members)
        }
        let deleted = message("rev3", by: World.sender, nil)
        #expect(scan(deleted).found.map(\.isDeleted) == [true])
        // The owner's own words, and what is older than the first send, prove nothing.
        let owners = scan(message("rev3", by: World.owner, "[ref-2345]"))
        #expect(owners.found.isEmpty && !owners.isAtEnd)
        let older = scan(message("rev1", by: World.sender, "[ref-2345]"))
        #expect(older.found.isEmpty && older.isProof)
        let system: JSONValue = ["id": "s", "rev": "rev4", "$type": "chat.bsky.convo.defs#systemMessageView"]
        #expect(scan(system, deleted).found.map(\.message.id) == ["id-rev3"])
    }

    @Test func `the sender's label as a bot is read from its profile`() async throws {
        let stage = try await FailureStage()
        let session = try await stage.signIn(.password)
        #expect(await session.isLabelledBot() == nil)
        func label(_ values: JSONValue) throws {
            try stage.network.createRecord(
                by: stage.bot,
                collection: "app.bsky.actor.profile",
                record: ["labels": ["$type": "com.atproto.label.defs#selfLabels", "values": values]],
                key: "self"
            )
        }
        try label([["val": "!no-unauthenticated"]])
        #expect(await session.isLabelledBot() == false)
        try label([["val": "!no-unauthenticated"], ["val": "bot"]])
        #expect(await session.isLabelledBot() == true)
    }
}
