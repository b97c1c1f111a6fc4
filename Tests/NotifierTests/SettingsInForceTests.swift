import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What is in force when a message leaves decides, and what waits follows the settings.
@Suite(.timeLimit(.minutes(2))) struct `The settings in force` {
    private static let limit = ScriptedChat.Fault.answer(
        status: 429,
        body: #"{"error":"RateLimitExceeded"}"#,
        headers: ["ratelimit-remaining": "10"]
    )

    /// Requests of one author for these owners, stopped by the chat service's limit.
    private func queued(_ owners: [DID], in world: World) async throws {
        world.chat.fail("getConvoForMembers", with: Self.limit)
        var stopped = world
        stopped.configuration.sending.firstLimitWait = .seconds(3600)
        let events = try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) }
        try await stopped.run([World.batch(events)]) { [chat = world.chat] counts in
            counts[.queued] == owners.count && chat.calls.contains("getConvoForMembers")
        }
        #expect(world.chat.messages.isEmpty)
        world.clock.advance(3600)
    }

    @Test func `nothing of an author who was blocked meanwhile leaves`() async throws {
        var world = try World()
        try await queued([World.owner, World.did("other")], in: world)
        world.configuration.policy.blockedAuthors = [World.author]
        try await world.run([]) { $0[.dropped] == 2 }
        #expect(world.chat.messages.isEmpty)
        #expect(try await world.jobs().map(\.reason) == [.authorBlocked, .authorBlocked])
    }

    @Test func `a list that was made meanwhile decides about what is queued`() async throws {
        var world = try World()
        try await queued([World.owner, World.did("other")], in: world)
        world.configuration.policy.recipients = .allowlist
        world.configuration.policy.allowlist = [World.owner]
        try await world.run([])
        #expect(world.chat.messages.map(\.owner) == [World.owner])
        #expect(Set(try await world.jobs().map(\.reason)) == [nil, .ownerNotAllowed])
    }

    @Test func `followers that became the rule meanwhile are asked for`() async throws {
        var world = try World()
        try await queued([World.owner, World.did("other")], in: world)
        world.configuration.policy.recipients = .followers
        world.http = .world(followers: [World.owner])
        try await world.run([]) { $0[.delivered] == 1 && $0[.deferred] == 1 }
        #expect(world.chat.messages.map(\.owner) == [World.owner])
    }

    @Test func `what waits for a follow goes out when anyone may get messages`() async throws {
        var world = try World()
        world.configuration.policy.recipients = .followers
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        world.configuration.policy.recipients = .anyone
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.count == 1)
    }

    @Test func `what waits for a follow ends when a list excludes its owner`() async throws {
        var world = try World()
        world.configuration.policy.recipients = .followers
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        world.configuration.policy.recipients = .allowlist
        world.configuration.policy.allowlist = [World.did("other")]
        try await world.run([]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.ownerNotAllowed])
    }

    @Test func `a limit that was raised lets go at once what waited for it`() async throws {
        var world = try World()
        world.configuration.policy.ownerHourlyLimit = 1
        let events = try (1...3).map { try World.event($0, at: world.clock) }
        let last = events.last?.position.value
        try await world.run([World.batch(events)], untilNothingIsDue: true) {
            $0[.delivered] == 1 && $0[.queued] == 2
        }
        #expect(last == 3)
        world.configuration.policy.ownerHourlyLimit = 1000
        try await world.run([]) { $0[.delivered] == 3 }
        #expect(world.chat.messages.count == 3)
    }

    @Test func `a wait for another setting follows the interval`() async throws {
        var world = try World()
        world.chat.refuse(World.owner, #"{"error":"MessagesDisabled"}"#)
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        world.chat.refuse(World.owner, nil)
        world.clock.advance(86_400)
        world.configuration.policy.disabledInterval = .seconds(86_400)
        try await world.run([]) { $0[.delivered] == 1 }
    }

    @Test func `the longest wait follows its setting`() async throws {
        var world = try World()
        world.configuration.policy.recipients = .followers
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        world.clock.advance(8 * 86_400)
        world.configuration.policy.waitExpiry = .seconds(7 * 86_400)
        try await world.run([]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.waitExpired])
    }

    @Test func `a rule that was renamed is told of with a number, and its requests can be moved`() async throws {
        var world = try World()
        let log = LogRecorder()
        world.configuration.policy.recipients = .followers
        let events = try ["one", "two"].enumerated().map {
            try World.event($0 + 1, for: World.did($1), at: world.clock)
        }
        try await world.run([World.batch(events)]) { $0[.deferred] == 2 }
        world.configuration.rules = [try World.rule(name: "renamed")]
        world.configuration.policy.recipients = .anyone
        world.logger = log.logger
        try await world.run([]) { _ in log.count("requests wait for a rule that is gone") == 1 }
        await log.wait(for: "requests wait for a rule that is gone")
        let line = log.metadata(of: "requests wait for a rule that is gone").first
        #expect(line?["count"] == "2")
        #expect(line?["to_do"]?.contains("jobs move issues NEW-NAME") == true)
        let ledger = try await world.directory.ledger()
        #expect(try await ledger.desk.move(rule: "issues", to: "renamed", now: world.clock.now()) == 2)
        #expect(try await ledger.desk.move(rule: "issues", to: "renamed", now: world.clock.now()) == 0)
        try await world.run([]) { $0[.delivered] == 2 }
        #expect(Set(world.chat.messages.map(\.owner)) == [World.did("one"), World.did("two")])
    }

    @Test func `a collection that no rule reads any more is not told of`() async throws {
        var world = try World()
        try await queued([World.owner], in: world)
        world.configuration.rules = [try World.rule(collections: ["com.example.other.request"])]
        try await world.run([]) { $0[.dropped] == 1 }
        #expect(world.chat.messages.isEmpty)
        #expect(try await world.jobs().map(\.reason) == [.ruleRemoved])
    }

    @Test func `settings that did not change leave what waits alone`() async throws {
        var world = try World()
        world.configuration.policy.ownerHourlyLimit = 1
        let events = try (1...2).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)], untilNothingIsDue: true) {
            $0[.delivered] == 1 && $0[.queued] == 1
        }
        let before = try await world.jobs()
        let other = try World.event(3, for: World.did("other"), at: world.clock)
        try await world.run([World.batch(other)]) { $0[.delivered] == 2 && $0[.queued] == 1 }
        #expect(try await world.jobs().first { $0.state == .queued } == before.first { $0.state == .queued })
    }

    /// What looks at a waiting room by these settings.
    private func review(_ room: WaitingRoom, by configuration: NotifierConfiguration) -> SettingsReview {
        let context = DeliveryContext.silent(configuration, http: room.appView, wallClock: room.clock)
        return SettingsReview(context: context, queue: room.queue, settings: room.ledger.settings)
    }

    @Test func `settings that were taken back before all was looked at leave nothing waiting by them`() async throws {
        let room = try await WaitingRoom()
        var anyone = room.configuration
        anyone.policy.recipients = .anyone
        try await review(room, by: anyone).begin()
        try await review(room, by: anyone).run()
        // A reload with others, which ends before it has looked at anything.
        try await review(room, by: room.configuration).begin()
        try await room.add([WaitingRoom.owner(0)])
        try await review(room, by: anyone).begin()
        try await review(room, by: anyone).run()
        #expect(try await room.waiting().isEmpty)
        #expect(try await room.jobs(in: .lookup).count == 1)
    }

    @Test func `whose relationship is unknown waits on for their answer when settings change`() async throws {
        let room = try await WaitingRoom()
        let owner = WaitingRoom.owner(0)
        try await room.add([owner], waitingFor: .relationshipUnknown)
        try await review(room, by: room.configuration).run()
        _ = try await room.queue.wakeDue(now: room.clock.now(), agreed: room.clock.now())
        #expect(try await room.waiting() == [owner])
    }

    @Test func `a post that fails leaves nothing waiting that the settings let through meanwhile`() async throws {
        let room = try await WaitingRoom()
        let job = try #require(try await room.add([WaitingRoom.owner(0)]).first)
        let now = room.clock.now()
        _ = try await room.queue.apply(.mentionBegun, to: [job], now: now)
        var anyone = room.configuration
        anyone.policy.recipients = .anyone
        try await review(room, by: anyone).run()
        let policy = AdmissionPolicy(anyone, sender: World.sender)
        let note = Attempt(.postMention, outcome: Verdict.Action.retry.rawValue)
        _ = try await room.queue.postFailed(.refused, of: job, note, policy: policy, now: now)
        #expect(try await room.jobs(in: .lookup).count == 1)
    }
}
