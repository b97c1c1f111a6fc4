import ATProtocol
import Firehose
import Network
import TestSupport
import Testing

@testable import Notifier

/// What refers to a request of which somebody was told is told as an answer to that message.
@Suite(.timeLimit(.minutes(2))) struct `One thread for a request` {
    private static let commenter = World.did("commenter")
    private let network = PeopleNetwork()

    /// A world with a rule for requests and one for comments, which lead over the request to the project.
    private func world(digest: Bool = false) throws -> World {
        var world = try network.world([.owner, .subscriber])
        var text = RuleText(
            name: "comments",
            collections: ["com.example.comment"],
            references: .init(["subject"], accepts: ["at-uri"]),
            message: "{{record.text}} on {{project.name}}"
        )
        text.hops = [
            (["com.example.comment"], .init(["subject"])),
            (["com.example.change.request"], .init(["subject.uri"])),
        ]
        text.projectCollections = ["com.example.project"]
        world.configuration.rules.append(try Rule(text))
        if digest {
            world.configuration.digest = DigestConfiguration()
        }
        return world
    }

    /// The stream tells of a request that its author's repository holds.
    private func request(_ number: Int = 1, in world: World) throws -> (event: StreamEvent, uri: String) {
        let event = try World.event(number, title: "Request \(number)", at: world.clock)
        guard case .commit(let commit) = event.body else { return (event, "") }
        let place = (commit.collection.text, commit.recordKey.text)
        return (event, network.put(commit.record, by: World.author, in: place.0, key: place.1))
    }

    private func comment(
        _ words: String,
        on uri: String,
        _ number: Int,
        by author: DID = commenter,
        in world: World
    ) throws -> (event: StreamEvent, uri: String) {
        let record: JSONValue = ["text": .string(words), "subject": .string(uri)]
        var event = try World.event(number, by: author, at: world.clock)
        guard case .commit(var commit) = event.body else { return (event, "") }
        (commit.collection, commit.record, commit.cid) = (try NSID("com.example.comment"), record, "cid-\(number)")
        event.body = .commit(commit)
        return (event, network.put(record, by: author, in: "com.example.comment", key: commit.recordKey.text))
    }

    private func run(_ world: World, _ events: StreamEvent...) async throws {
        try await world.run([World.batch(events)])
    }

    @Test func `a comment answers the message that told of the request, and a second the nearest that was told`()
        async throws
    {
        let world = try world()
        let request = try request(in: world)
        try await run(world, request.event)
        let first = try comment("First", on: request.uri, 2, in: world)
        try await run(world, first.event)
        let second = try comment("Second", on: first.uri, 3, in: world)
        try await run(world, second.event)
        let messages = world.chat.messages(to: World.owner)
        #expect(messages.map(\.replyTo) == [nil, messages.first?.id, messages.dropFirst().first?.id])
        #expect(messages.last?.text.hasPrefix("“Second” on “Windmill”") == true)
    }

    @Test func `a comment on what somebody was not told of is a story of its own`() async throws {
        let world = try world()
        let request = try request(in: world)
        try await run(world, try comment("First", on: request.uri, 2, in: world).event)
        #expect(world.chat.messages.map(\.replyTo) == [nil])
    }

    @Test func `each answers in their own conversation, and only who was told there`() async throws {
        var world = try world()
        network.subscribe()
        let request = try request(in: world)
        try await world.keepSubscriptions()
        try await run(world, request.event)
        // The subscriber of the rule for requests does not hear of comments.
        try await run(world, try comment("First", on: request.uri, 2, in: world).event)
        #expect(world.chat.messages(to: PeopleNetwork.subscriber).count == 1)
        var text = RuleSamples.text(["subject"], ["at-uri"])
        (text.name, text.collections, text.tell) = ("comments", ["com.example.comment"], ["owner", "subscribers"])
        text.hops = [(["com.example.change.request"], .init(["subject.uri"]))]
        text.subscribers = .init(
            collections: ["com.example.subscription"],
            references: .init(["subject"], accepts: ["union"])
        )
        text.message = "{{record.text}}"
        world.configuration.rules[1] = try Rule(text)
        try await run(world, try comment("Second", on: request.uri, 3, in: world).event)
        for person in [World.owner, PeopleNetwork.subscriber] {
            let messages = world.chat.messages(to: person)
            #expect(messages.last?.replyTo == messages.first?.id && messages.count > 1)
        }
    }

    @Test func `who subscribes to the request hears of its comments`() async throws {
        var world = try world()
        let request = try request(in: world)
        var text = RuleSamples.text(["subject"], ["at-uri"])
        (text.name, text.collections, text.tell) = ("comments", ["com.example.comment"], ["subscribers"])
        text.hops = [(["com.example.change.request"], .init(["subject.uri"]))]
        text.subscribers = .init(
            collections: ["com.example.subscription"],
            references: .init(["subject"], accepts: ["union"])
        )
        text.message = "{{record.text}}"
        world.configuration.rules[1] = try Rule(text)
        network.subscribe(to: request.uri)
        try await world.keepSubscriptions()
        try await run(world, try comment("First", on: request.uri, 2, in: world).event)
        #expect(world.chat.messages.map(\.owner) == [PeopleNetwork.subscriber])
    }

    @Test func `is told without it when the message to answer is gone`() async throws {
        let world = try world()
        let request = try request(in: world)
        try await run(world, request.event)
        let gone = #"{"error":"ReplyTargetNotFound","message":"Reply target message not found"}"#
        world.chat.fail("sendMessage", with: .answer(status: 400, body: gone))
        try await run(world, try comment("First", on: request.uri, 2, in: world).event)
        #expect(world.chat.messages.map(\.replyTo) == [nil, nil])
        #expect(try await world.jobs().allSatisfy { $0.state == .delivered })
    }

    @Test func `several of one thread are one answer, and those of several threads answer nothing`() async throws {
        let world = try world(digest: true)
        let (one, two) = (try request(1, in: world), try request(2, in: world))
        try await run(world, one.event)
        world.clock.advance(.seconds(301))
        try await run(world, two.event)
        // Who was told a moment ago waits for the window's end.
        func collect(_ comments: [StreamEvent]) async throws {
            try await world.run([World.batch(comments)], untilNothingIsDue: true) { $0[.queued] == comments.count }
            world.clock.advance(.seconds(301))
            try await world.run([])
        }
        let (first, second) = (one.uri, two.uri)
        try await collect([
            try comment("A", on: first, 3, in: world).event, try comment("B", on: first, 4, in: world).event,
        ])
        let messages = world.chat.messages(to: World.owner)
        #expect(messages.count == 3)
        #expect(messages.last?.replyTo == messages.first?.id)
        #expect(messages.last?.text.hasPrefix("2 more about this:") == true)
        try await collect([
            try comment("C", on: first, 5, in: world).event, try comment("D", on: second, 6, in: world).event,
        ])
        let digest = try #require(world.chat.messages(to: World.owner).last)
        #expect(digest.replyTo == nil && digest.text.hasPrefix("2 new change requests for your projects:"))
    }

    @Test func `a message in doubt is looked for as it was, its answer to another included`() async throws {
        let world = try world()
        let request = try request(in: world)
        try await run(world, request.event)
        world.chat.fail("sendMessage", with: .lostBefore)
        try await run(world, try comment("First", on: request.uri, 2, in: world).event)
        let messages = world.chat.messages(to: World.owner)
        #expect(messages.count == 2 && messages.last?.replyTo == messages.first?.id)
    }
}
