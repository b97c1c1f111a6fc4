import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What a recipient wants stands in the ledger, and is heeded by whatever leaves.
@Suite(.timeLimit(.minutes(2))) struct `What a recipient wants` {
    private func world() throws -> World {
        var world = try World()
        world.configuration.policy.maximumAge = .seconds(30 * 86_400)
        return world
    }

    /// Changes it as a command does beside the daemon, or without one.
    private func change(_ world: World, _ change: @escaping @Sendable (inout Preferences) -> Void) async throws {
        let ledger = try await world.directory.ledger()
        try await ledger.recipients.change(World.owner, now: world.clock.now(), change)
    }

    private func event(_ number: Int, _ world: World, project: String = "p1") throws -> StreamEvent {
        try World.event(number, project: project, title: "Number \(number)", at: world.clock)
    }

    private func texts(_ world: World) -> [String] { world.chat.notices(to: World.owner).map(\.text) }

    @Test(arguments: [5, 1], [DigestPace.hourly, .daily, .weekly])
    func `holds one message an hour, a day or a week, which tells all`(listed: Int, pace: DigestPace) async throws {
        var world = try world()
        world.configuration.digest.maximumListed = listed
        world.configuration.digest.window = .zero
        world.configuration.policy.maximumQueueAge = .seconds(3600)
        try await change(world) { $0.digest = pace }
        try await world.run([World.batch(try event(1, world))])
        #expect(texts(world).count == 1)
        let more = try (2...4).map { try event($0, world) }
        try await world.run([World.batch(more)], untilNothingIsDue: true) { $0[.queued] == 3 }
        #expect(try await world.jobs().filter { $0.state == .queued }.allSatisfy { $0.reason == .digestWindow })
        world.clock.advance(pace.window - .seconds(1))
        // Whoever is told shows that the sender has looked.
        let other = try World.event(9, for: World.did("other"), at: world.clock)
        try await world.run([World.batch(other)]) { $0[.queued] == 3 && $0[.delivered] == 2 }
        #expect(texts(world).count == 1)
        world.clock.advance(2)
        try await world.run([])
        #expect(texts(world).count == 2)
        #expect(texts(world).last?.hasPrefix("3 new change requests") == true)
        #expect(texts(world).last?.contains("Number 4") == true)
    }

    @Test func `is heeded at once when it is otherwise than before`() async throws {
        var world = try world()
        world.configuration.digest = DigestConfiguration()
        try await world.run([World.batch(try event(1, world))])
        try await change(world) { $0.digest = .weekly }
        try await world.run([World.batch(try event(2, world))], untilNothingIsDue: true) { $0[.queued] == 1 }
        world.clock.advance(600)
        try await change(world) { $0.digest = .now }
        try await world.run([])
        #expect(texts(world).count == 2)
        try await change(world) { $0.digest = nil }
        let ledger = try await world.directory.ledger()
        #expect(try await ledger.recipients.preferences(of: World.owner) == Preferences())
    }

    @Test func `keeps what it lets wait from being too old for its queue, and nothing else`() async throws {
        let room = try await WaitingRoom()
        let (patient, other) = (WaitingRoom.owner(0), WaitingRoom.owner(1))
        try await room.ledger.recipients.change(patient, now: room.clock.now()) { $0.digest = .daily }
        let jobs = try await room.add([patient, other], waitingFor: nil)
        _ = try await room.queue.apply(.postponed(.digestWindow), to: jobs, now: room.clock.now())
        room.clock.advance(7200)
        let age = Duration.seconds(3600)
        let (now, queue) = (room.clock.now(), room.queue)
        let dropped = try await queue.expireQueued(before: now - age, now: now)
        #expect(dropped.outcomes.map(\.owner) == [other] && dropped.outcomes.map(\.reason) == [.queueExpired])
        let later = now + .seconds(86_400)
        #expect(try await queue.expireQueued(before: later - age, now: later).outcomes.map(\.owner) == [patient])
    }

    @Test func `holds fewer messages than the policy allows, and never more`() async throws {
        for (own, policy) in [(1, 5), (5, 1)] {
            var world = try self.world()
            world.configuration.policy.ownerHourlyLimit = policy
            try await change(world) { $0.hourlyLimit = own }
            let events = try (1...2).map { try event($0, world) }
            try await world.run([World.batch(events)], untilNothingIsDue: true) {
                $0[.delivered] == 1 && $0[.queued] == 1
            }
            #expect(try await world.jobs().first { $0.state == .queued }?.reason == .ownerLimit)
            world.clock.advance(3601)
            try await world.run([])
            #expect(texts(world).count == 2)
        }
        var world = try self.world()
        world.configuration.policy.ownerDailyLimit = 5
        try await change(world) { $0.dailyLimit = 1 }
        try await world.run([World.batch(try event(1, world))])
        world.clock.advance(3601)
        try await world.run([World.batch(try event(2, world))], untilNothingIsDue: true) { $0[.queued] == 1 }
        #expect(texts(world).count == 1)
    }

    @Test func `is a mention in public, or none, whatever the list says`() async throws {
        let disabled = #"{"error":"MessagesDisabled"}"#
        var world = try world()
        world.chat.refuse(World.owner, disabled)
        try await change(world) { $0.mention = true }
        try await world.run([World.batch(try event(1, world))]) { $0[.delivered] == 1 }
        #expect(world.chat.posts.count == 1)
        world.configuration.mentions.owners = [World.owner]
        try await change(world) { $0.mention = false }
        world.clock.advance(3601)
        // The post about another owner comes behind theirs, or would.
        let other = World.did("other")
        world.configuration.mentions.owners.insert(other)
        world.chat.refuse(other, disabled)
        let events = [try event(2, world), try World.event(3, for: other, at: world.clock)]
        try await world.run([World.batch(events)]) { $0[.delivered] == 2 && $0[.deferred] == 1 }
        #expect(world.chat.posts.count == 2)
        #expect(try await world.jobs().first { $0.state == .deferred }?.owner == World.owner)
    }

    @Test func `ends a mention that is under way`() async throws {
        var world = try world()
        world.configuration.sending.firstWait = .seconds(60)
        world.configuration.mentions.owners = [World.owner]
        world.chat.refuse(World.owner, #"{"error":"MessagesDisabled"}"#)
        world.chat.fail("putRecord", with: .lostBefore)
        try await world.run([World.batch(try event(1, world))]) { $0[.posting] == 1 }
        try await change(world) { $0.mention = false }
        world.clock.advance(61)
        try await world.run([]) { $0[.deferred] == 1 }
        #expect(world.chat.posts.isEmpty)
    }

    @Test func `is nothing of a project for some days, while others are told of`() async throws {
        let world = try world()
        try await world.run([World.batch(try event(1, world))])
        let ledger = try await world.directory.ledger()
        let end = world.clock.now() + .seconds(86_400)
        let now = world.clock.now()
        let muted = try await ledger.recipients.mute("project P1", of: World.owner, until: end, now: now)
        #expect(muted.map(\.title) == ["Project p1"])
        try await world.run([World.batch(try event(2, world), try event(3, world, project: "p2"))])
        #expect(texts(world).count == 2 && texts(world).last?.contains("Number 3") == true)
        let job = try #require(try await world.jobs().first { $0.state == .dropped })
        #expect(job.reason == .projectMuted)
        world.clock.advance(86_401)
        try await world.run([World.batch(try event(4, world))])
        #expect(texts(world).count == 3)
    }

    @Test func `is changed as a whole or not at all, when one of the names is no project's`() async throws {
        let world = try world()
        try await world.run([World.batch(try event(1, world))])
        let ledger = try await world.directory.ledger()
        let (recipients, now) = (ledger.recipients, world.clock.now())
        let daily: @Sendable (inout Preferences) -> Void = { $0.digest = .daily }
        #expect(try await recipients.change(World.owner, mute: "p1", unmute: "wrong", now: now, daily) == "wrong")
        #expect(try await recipients.change(World.owner, mute: "wrong", unmute: "p1", now: now, daily) == "wrong")
        #expect(try await recipients.preferences(of: World.owner) == Preferences())
        #expect(try await recipients.projects(of: World.owner).allSatisfy { !$0.isMuted(at: now) })
        #expect(try await recipients.change(World.owner, mute: "p1", now: now, daily) == nil)
        #expect(try await recipients.preferences(of: World.owner).digest == .daily)
        #expect(try await recipients.projects(of: World.owner).allSatisfy { $0.isMuted(at: now) })
    }

    @Test func `calls off what waits, and what is in doubt is not sent again`() async throws {
        var world = try world()
        try await world.run([World.batch(try event(1, world))])
        world.configuration.sending.settle = .seconds(60)
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([World.batch(try event(2, world), try event(3, world))]) { $0[.verify] == 1 }
        let ledger = try await world.directory.ledger()
        try await ledger.recipients.mute("p1", of: World.owner, until: nil, now: world.clock.now())
        world.clock.advance(61)
        try await world.run([])
        #expect(texts(world).count == 1)
        let dropped = try await world.jobs().filter { $0.state == .dropped }
        #expect(dropped.count == 2 && dropped.allSatisfy { $0.reason == .projectMuted })
        try await ledger.recipients.unmuteAll(of: World.owner, now: world.clock.now())
        try await world.run([World.batch(try event(4, world))])
        #expect(texts(world).count == 2, "what comes later is told")
    }

    @Test func `names a project as messages do, or by its address`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await directory.ledger()
        let names: [String: String?] = [
            "p1": "Engine", "p2": "C++", "p3": "C#", "p4": "🚀", "p5": "Café «au lait»", "p6": nil, "p7": "Engine",
        ]
        for (key, name) in names {
            let uri = try ATURI("at://\(World.owner)/com.example.project/\(key)")
            try await ledger.database.transaction(at: 1_790_000_000) { transaction in
                try transaction.note(.record(uri), named: name, of: World.owner)
            }
        }
        let meant: [(String, Set<String>)] = [
            ("Engine", ["p1", "p7"]), ("“Engine”", ["p1", "p7"]), ("engine.", ["p1", "p7"]),
            ("Ｅｎｇｉｎｅ", ["p1", "p7"]), ("c++", ["p2"]), ("C#", ["p3"]), ("🚀", ["p4"]),
            ("Cafe au lait", ["p5"]), ("“Café 'au lait'”", ["p5"]), ("p6", ["p6"]),
            ("at://\(World.owner)/com.example.project/p2", ["p2"]), ("Wheel", []), ("", []), ("“”", []),
        ]
        for (text, keys) in meant {
            let found = try await ledger.recipients.mute(text, of: World.owner, until: nil, now: 1_790_000_001)
            #expect(Set(found.map { String($0.reference.suffix(2)) }) == keys, "\(text)")
        }
    }

    @Test func `names the project that is written exactly before one that is only like it`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await directory.ledger()
        for (key, name) in [("p1", "app"), ("p2", "app-3")] {
            let uri = try ATURI("at://\(World.owner)/com.example.project/\(key)")
            try await ledger.database.transaction(at: 1_790_000_000) { transaction in
                try transaction.note(.record(uri), named: name, of: World.owner)
            }
        }
        let meant: [(names: [String], place: Int?, key: String?)] = [
            (["app 3", "app"], 1, "p1"), (["app-3", "app"], 0, "p2"), (["app3"], 0, "p2"), (["wheel", "APP"], 1, "p1"),
            (["wheel"], nil, nil), ([], nil, nil),
        ]
        for (names, place, key) in meant {
            let found = try await ledger.database.transaction(at: 1_790_000_000) { transaction in
                try transaction.projects(of: World.owner, calledOneOf: names)
            }
            #expect(found?.place == place, "\(names)")
            #expect(found?.projects.map { String($0.reference.suffix(2)) } == key.map { [$0] }, "\(names)")
        }
    }
}
