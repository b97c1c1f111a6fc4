import ATProtocol
import Firehose
import LedgerStorage
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// Public posts for owners who take no messages and have agreed to be mentioned.
@Suite(.timeLimit(.minutes(2))) struct `Mentions` {
    private static let disabled =
        #"{"error":"MessagesDisabled","message":"recipient has disabled incoming messages"}"#

    private func world() throws -> World {
        var world = try World()
        world.configuration.mentions.owners = [World.owner]
        world.configuration.mentions.interval = .seconds(900)
        world.chat.refuse(World.owner, Self.disabled)
        world.sleeper = HurriedClock()
        return world
    }

    /// A world in which the answer to the one try of a post was lost, and there is no post.
    private func worldInDoubt() async throws -> World {
        var world = try world()
        world.configuration.sending.firstWait = .seconds(60)
        world.chat.fail("putRecord", with: .lostBefore)
        try await world.run([World.batch(try World.event(1, at: world.clock))]) { $0[.posting] == 1 }
        return world
    }

    private func posts(_ stage: FailureStage) -> [JSONValue] {
        stage.network.records(of: stage.bot, in: "app.bsky.feed.post")
    }

    private func stage() async throws -> FailureStage {
        let stage = try await FailureStage()
        try stage.network.setAllowIncoming(.none, of: stage.owner)
        stage.configuration.mentions.owners = [stage.owner.did]
        return stage
    }

    @Test func `tell an owner who agreed, once, in a post of the sender's, with none of the author's words`()
        async throws
    {
        let stage = try await stage()
        let (_, last) = try await stage.run(try await stage.signIn(.oauth), until: .delivered)
        #expect(last.job?.reason == .mentionPosted)
        #expect(stage.network.chat.messages.isEmpty)
        let post = try #require(posts(stage).first)
        #expect(posts(stage).count == 1)
        let text = try #require(post["text"]?.string)
        #expect(text.hasPrefix("@owner.test: there is a change request for your project “Engine”."))
        #expect(!text.contains("Please mend the door") && !text.contains(stage.author.handle.text))
        let mention = try #require(post["facets"]?.array?.first)
        #expect(mention["features"]?.array?.first?["did"]?.string == stage.owner.did.text)
        #expect(mention["index"]?["byteStart"] == .integer(0))
        #expect(mention["index"]?["byteEnd"] == .integer(Int64("@owner.test".utf8.count)))
        let attempt = try #require(last.attempts.last)
        #expect(attempt.phase == "post-mention" && attempt.outcome == "delivered")
        #expect(attempt.detail?.hasPrefix("at://\(stage.bot.did)/app.bsky.feed.post/") == true)
    }

    static let doubts: [(name: String, fault: Fault)] = [
        ("the answer is lost", .dropAfter), ("nothing was done", .dropBefore), ("reset", .resetAfter),
        ("cut", .truncated), ("502 after storing", .upstreamFailureAfter), ("503", .plainText),
        ("520 {}", .emptyObject), ("429", .pdsRateLimit(retryAfter: 30)),
    ]

    @Test(arguments: doubts.indices) func `are one post whatever happens to the answer`(index: Int) async throws {
        let stage = try await stage()
        stage.network.faults.add(Self.doubts[index].fault, on: "putRecord", count: 2)
        let (_, last) = try await stage.run(try await stage.signIn(.password), until: .delivered)
        #expect(last.job?.reason == .mentionPosted, "\(Self.doubts[index].name)")
        #expect(posts(stage).count == 1, "\(Self.doubts[index].name)")
    }

    @Test func `in doubt stay in doubt over a refusal, and a request that is called off meanwhile is not posted again`()
        async throws
    {
        var world = try world()
        // One attempt a life: the second answer is for the second life.
        world.configuration.sending.firstWait = .seconds(60)
        world.chat.fail("putRecord", with: .lostAfter, .answer(status: 429, body: "{}", headers: ["Retry-After": "30"]))
        let chat = world.chat
        try await world.run([World.batch(try World.event(1, at: world.clock))]) { $0[.posting] == 1 }
        let changed = try World.event(1, operation: .update, title: "Changed", at: world.clock, rev: 5)
        // Its job is in doubt from the start: each life is over when it has made its attempt.
        try await world.run([World.batch(changed)]) { $0[.posting] == 1 && chat.puts == 2 }
        world.clock.advance(3601)
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.posts.count == 1)

        var other = try self.world()
        other.configuration.sending.firstWait = .seconds(60)
        other.chat.fail("putRecord", with: .lostBefore, .lostBefore)
        let others = other.chat
        try await other.run([World.batch(try World.event(1, at: other.clock))]) { $0[.posting] == 1 }
        let deleted = try World.event(1, operation: .delete, at: other.clock, rev: 9)
        // The delete comes before the attempt, or behind it.
        try await other.run([World.batch(deleted)]) { $0[.dropped] == 1 || $0[.posting] == 1 && others.puts == 2 }
        try await other.run([]) { $0[.dropped] == 1 }
        #expect(try await other.jobs().map(\.reason) == [.recordDeleted])
        #expect(other.chat.posts.isEmpty)
    }

    @Test func `in doubt are not made again about an author who was blocked meanwhile`() async throws {
        var world = try await worldInDoubt()
        world.clock.advance(3601)
        world.configuration.policy.blockedAuthors = [World.author]
        try await world.run([]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.authorBlocked])
        #expect(world.chat.posts.isEmpty && world.chat.puts == 1)
    }

    @Test func `in doubt are not made again for an owner who said STOP, whatever an operator retried before`()
        async throws
    {
        let world = try await worldInDoubt()
        let now = world.clock.now() + 3601
        let ledger = try await world.directory.ledger()
        let mentions = world.configuration.mentions
        let queue = ledger.queue(Timetable(world.configuration))
        let policy = AdmissionPolicy(world.configuration, sender: World.sender)
        // The STOP calls it off, the retry revives it, and what was looked up before the STOP is stored last.
        _ = try await ledger.suppressions.suppress(World.owner, .ownerStopped, now: now)
        _ = try await ledger.desk.carryOut(.retry, about: try #require(try await world.jobs().first).uri, now: now)
        let request = try #require(try await queue.dueLookups(limit: 1, excluding: [], now: now).first)
        let found = Resolution.recipients(
            [World.owner: .waits(.ownerNotFollowing)],
            .init(references: [.account(World.owner)]),
            nil
        )
        _ = try await queue.resolve(request, as: found, now: now)
        guard case .calledOff = try await queue.nextMention(mentions, policy: policy, now: now) else {
            Issue.record("an owner who said STOP is mentioned")
            return
        }
        #expect(try await world.jobs().map(\.reason) == [.ownerSuppressed])
    }

    @Test func `that the session may not write are said so, and the session goes on`() async throws {
        let stage = try await stage()
        let body = #"{"error":"ScopeMissingError","message":"Missing required scope \"repo:app.bsky.feed.post\""}"#
        stage.network.faults.add(.respond(FailureRow.answer(403, body)), on: "putRecord")
        let (_, last) = try await stage.run(try await stage.signIn(.oauth), until: .delivered)
        #expect(last.attempts.map(\.reason) == [.ownerDisabledMessages, .mentionScopeMissing, nil])
        #expect(posts(stage).count == 1)
    }

    @Test func `that the PDS calls invalid are not tried again, and the request waits on`() async throws {
        let stage = try await stage()
        stage.network.faults.add(
            .respond(FailureRow.named(400, "InvalidRequest", "Invalid app.bsky.feed.post record")),
            on: "putRecord",
            count: 100
        )
        let world = try await stage.signIn(.password)
        let (_, last) = try await stage.run(world, until: .deferred, settling: true)
        #expect(last.attempts.filter { $0.phase == "post-mention" }.map(\.outcome) == ["drop"])
        #expect(last.job?.reason == .ownerDisabledMessages)
    }

    @Test func `are for nobody who has not agreed, and for nobody at all by default`() async throws {
        var world = try world()
        world.configuration.mentions.owners = [World.did("other")]
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        #expect(world.chat.posts.isEmpty && !world.chat.calls.contains("putRecord"))
        #expect(!NotifierConfiguration(rules: []).mentions.isEnabled)
    }

    @Test func `keep their pace, and authors take turns`() async throws {
        let world = try world()
        let other = World.did("somebody")
        let flood = try (1...3).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(flood)]) { $0[.delivered] == 1 && $0[.deferred] == 2 }
        try await world.run([World.batch(try World.event(9, by: other, at: world.clock))]) { $0[.deferred] == 3 }
        #expect(world.chat.posts.count == 1)
        world.clock.advance(901)
        try await world.run([]) { $0[.delivered] == 2 }
        #expect(try await world.jobs().first { $0.author == other }?.state == .delivered)
        world.clock.advance(901)
        try await world.run([]) { $0[.delivered] == 3 }
        #expect(world.chat.posts.count == 3)
    }

    @Test func `have a limit for the day`() async throws {
        var world = try world()
        world.configuration.mentions.interval = .zero
        world.configuration.mentions.dailyLimit = 2
        let events = try (1...4).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.delivered] == 2 && $0[.deferred] == 2 }
        world.clock.advance(86_401)
        try await world.run([]) { $0[.delivered] == 4 }
        #expect(world.chat.posts.count == 4)
    }

    @Test func `are not for an owner who blocks, nor about a request that was deleted`() async throws {
        let world = try world()
        world.chat.refuse(World.owner, #"{"error":"BlockedActor","message":"block between recipient and sender"}"#)
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        let fresh = try self.world()
        let created = try World.event(1, at: fresh.clock)
        let deleted = try World.event(1, operation: .delete, at: fresh.clock, rev: 2)
        try await fresh.run([World.batch(created, deleted)])
        #expect(world.chat.posts.isEmpty && fresh.chat.posts.isEmpty)
    }

    @Test func `hold their limits and offsets over any Unicode`() throws {
        var generator = SeededGenerator(seed: randomSeed())
        for _ in 0..<500 {
            func word() -> String {
                let scalars = (0..<Int.random(in: 0...200, using: &generator)).compactMap { _ in
                    Unicode.Scalar(UInt32.random(in: 1...0x10FFFF, using: &generator))
                }
                return String(String.UnicodeScalarView(scalars))
            }
            let request = ChangeRequest(
                uri: try ATURI("at://\(World.author)/com.example.change.request/k"),
                author: World.author,
                authorName: "evil.example",
                record: ["title": "https://evil.example/"],
                reference: .account(World.owner),
                rule: "issues",
                owner: World.owner,
                projectName: Bool.random(using: &generator) ? word() : nil
            )
            let link = "https://example.com/" + String(repeating: "a", count: 400)
            let post = MentionPost(about: request, handle: word(), link: link, service: word())
            // The limits of `app.bsky.feed.post`.
            #expect(post.text.count <= 300 && post.text.utf8.count <= 3000)
            #expect(!post.text.contains("evil.example"))
            let bytes = Array(post.text.utf8)
            let parts = post.facets.map { String(decoding: bytes[$0.byteStart..<$0.byteEnd], as: UTF8.self) }
            #expect(parts.first?.utf8.first == UInt8(ascii: "@") && parts.last == "Read it")
            #expect(post.facets[0].byteEnd <= post.facets[1].byteStart)
        }
    }
}
