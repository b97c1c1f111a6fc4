import ATProtocol
import Firehose
import Network
import Synchronization
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What became known, or was decided, a moment before something leaves.
@Suite(.timeLimit(.minutes(2))) struct `What is known at the last moment` {
    /// Whether there is somebody whose mention is not begun, and nobody else.
    private func isPassedOver(in world: World) async throws -> Bool {
        let queue = try await World.ledger(in: world.directory).queue(Timetable())
        let policy = AdmissionPolicy(world.configuration, sender: World.sender)
        let (mentions, now) = (world.configuration.mentions, world.clock.now())
        guard case .calledOff = try await queue.nextMention(mentions, policy: policy, now: now),
            case .nobody = try await queue.nextMention(mentions, policy: policy, now: now)
        else { return false }
        return true
    }

    @Test func `nobody is mentioned about a collection that no rule reads any more, until one does`() async throws {
        var world = try World()
        world.configuration.policy.recipients = .followers
        world.configuration.mentions.interval = .zero
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        let rules = world.configuration.rules
        world.configuration.rules = [try World.rule(collections: ["com.example.other.request"])]
        world.configuration.mentions.owners = [World.owner]
        try await world.run([]) { $0[.deferred] == 1 }
        #expect(try await isPassedOver(in: world) && world.chat.puts == 0)
        world.configuration.rules = rules
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.posts.count == 1 && world.chat.messages.isEmpty)
    }

    @Test(arguments: [Reason.ownerSuppressed, .operatorDecision])
    func `nobody is mentioned who was called off while their name was asked for`(as reason: Reason) async throws {
        let room = try await WaitingRoom()
        try await room.add([WaitingRoom.owner(1)])
        var configuration = room.configuration
        configuration.mentions.owners = [WaitingRoom.owner(1)]
        let context = DeliveryContext.silent(configuration, http: room.appView, wallClock: room.clock)
        let chat = ScriptedChat(account: World.sender)
        let asked = Mutex(0)
        let poster = MentionPoster(
            context,
            ledger: room.ledger,
            session: chat,
            marker: MessageReference(key: [])
        ) { [ledger = room.ledger, clock = room.clock] owner in
            asked.withLock { $0 += 1 }
            if reason == .ownerSuppressed {
                _ = try? await ledger.suppressions.suppress(owner, .ownerStopped, now: clock.now())
            } else if let uri = try? ATURI("at://\(World.author)/com.example.change.request/k1") {
                _ = try? await ledger.desk.carryOut(.drop, about: uri, now: clock.now())
            }
            return nil
        }
        for _ in 0..<5 { _ = try await poster.step() }
        #expect(asked.withLock(\.self) == 1 && chat.puts == 0)
        let jobs = try await room.jobs(in: .dropped)
        #expect(jobs.map(\.reason) == [reason])
    }

    @Test func `who has unfollowed while a message was in doubt is not sent it again`() async throws {
        var world = try World()
        world.configuration.policy.recipients = .followers
        world.configuration.sending.settle = .seconds(120)
        world.http = .world(followers: [World.owner])
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.verify] == 1 }
        world.http = .world()
        world.clock.advance(121)
        try await world.run([]) { $0[.deferred] == 1 }
        #expect(world.chat.messages.isEmpty && world.chat.calls.count { $0 == "sendMessage" } == 1)
        #expect(try await world.jobs().map(\.reason) == [.ownerNotFollowing])
    }

    @Test(arguments: [5, 60]) func `a wait that was changed counts for a request that is tried in between, too`(
        days: Int
    ) async throws {
        let room = try await WaitingRoom()
        let ids = try await room.add([WaitingRoom.owner(1)], waitingFor: .ownerDisabledMessages)
        var configuration = room.configuration
        configuration.policy.recipients = .anyone
        configuration.policy.waitExpiry = .seconds(days * 86_400)
        let (queue, now) = (room.ledger.queue(Timetable(configuration)), room.clock.now())
        let policy = AdmissionPolicy(configuration, sender: World.sender)
        _ = try await queue.review(.job(.deferred, after: 0), policy: policy, now: now)
        _ = try await queue.apply(.wakened, to: ids, now: now)
        let request = try #require(try await room.jobs(in: .lookup).first)
        let findings = Resolution.Findings(references: request.references)
        let resolution = Resolution.recipients([WaitingRoom.owner(1): .told], findings, nil)
        _ = try await queue.resolve(request, as: resolution, now: now)
        let job = try #require(try await room.jobs(in: .queued).first)
        _ = try await queue.apply(.failed(Verdict(20, .defer, .ownerDisabledMessages)), to: [job.id], now: now)
        #expect(try await room.jobs(in: .deferred).map(\.waitUntil) == [now + .seconds(days * 86_400)])
    }

    @Test func `an operator's move tells nothing that was deleted or dropped since its rule was removed`() async throws
    {
        var world = try World()
        world.configuration.policy.recipients = .followers
        let owners = RuleSamples.owners
        let events = try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.deferred] == 3 }
        let ledger = try await World.ledger(in: world.directory)
        let (queue, now) = (ledger.queue(Timetable()), world.clock.now())
        let jobs = try await ledger.desk.jobs(in: .deferred, limit: 10)
        _ = try await queue.apply(.admitted(.refused(.ruleRemoved)), to: jobs.map(\.id), now: now)
        let deleted = try World.event(1, operation: .delete, at: world.clock, rev: 9)
        let uri = try #require(deleted.recordURI)
        _ = try await queue.store(World.batch(deleted), [.deleted(deleted, uri: uri)], now: now)
        let dropped = try #require(events[1].recordURI)
        #expect(try await !ledger.desk.carryOut(.drop, about: dropped, now: now).isEmpty)
        #expect(try await ledger.desk.move(rule: "issues", to: "renamed", now: now) == 1)
        let left = try await ledger.desk.jobs(in: .lookup, limit: 10)
        #expect(left.map(\.uri) == [events[2].recordURI])
        #expect(try await ledger.desk.awaitingProof() == 0)
    }

    @Test func `a request that was dropped with its rule, and deleted then, has to be proven when it is moved`()
        async throws
    {
        var world = try World()
        world.configuration.policy.recipients = .followers
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        let ledger = try await World.ledger(in: world.directory)
        let (queue, now) = (ledger.queue(Timetable()), world.clock.now())
        let job = try #require(try await ledger.desk.jobs(in: .deferred, limit: 1).first)
        _ = try await queue.apply(.retried, to: [job.id], now: now)
        let request = try #require(try await ledger.desk.jobs(in: .lookup, limit: 1).first)
        _ = try await queue.resolve(request, as: .refused(Refusal(.ruleRemoved, ""), .input), now: now)
        let deleted = try World.event(1, operation: .delete, at: world.clock, rev: 9)
        _ = try await queue.store(World.batch(deleted), [.deleted(deleted, uri: request.uri)], now: now)
        #expect(try await ledger.desk.move(rule: "issues", to: "renamed", now: now) == 1)
        #expect(try await ledger.desk.awaitingProof() == 1)
    }

    @Test(arguments: Reason.allCases) func `another project is another matter, unless an operator has decided`(
        reason: Reason
    ) {
        var machine = RequestMachine(state: .dropped, reason: reason)
        let isTaken = machine.handle(.updated(refusal: nil, .reference)) != nil
        #expect(isTaken == (reason != .operatorDecision))
    }

    @Test func `an author who is not blocked any more is heard when they write again`() async throws {
        var world = try World()
        world.configuration.policy.blockedAuthors = [World.author]
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.dropped] == 1 }
        let update = try World.event(operation: .update, title: "second words", at: world.clock, rev: 2)
        try await world.run([World.batch(update)]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.authorBlocked])
        world.configuration.policy.blockedAuthors = []
        let third = try World.event(operation: .update, title: "third words", at: world.clock, rev: 3)
        try await world.run([World.batch(third)]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.first?.text.contains("third words") == true)
    }

    @Test func `who the owner is is asked anew when the chat service does not know the account`() async throws {
        let world = try World()
        world.chat.fail(
            "getConvoForMembers",
            with: .answer(status: 400, body: #"{"error":"RecipientNotFound","message":"recipient does not exist"}"#)
        )
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.delivered] == 1 }
        #expect(world.identities.askedAnew == [World.owner])
    }
}
