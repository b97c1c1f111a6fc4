import ATProtocol
import Firehose
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// `sending.enabled: false`: everything but the send, and nobody is told later of what was seen in it, unless asked for.
@Suite(.timeLimit(.minutes(2))) struct `Shadow mode` {
    private static let line = "shadow mode: message not sent"
    private static let warning = "SHADOW MODE: nothing is sent, everything else is done"
    private static let changing = ["getConvoForMembers", "sendMessage", "putRecord"]

    private let log = LogRecorder()

    private func world(isEnabled: Bool = false) throws -> World {
        var world = try World()
        world.configuration.sending.isEnabled = isEnabled
        world.logger = log.logger
        return world
    }

    private func desk(_ world: World) async throws -> OperatorDesk {
        try await world.directory.ledger().desk
    }

    /// A message of an earlier life whose outcome nobody knows.
    private func doubt(_ fault: ScriptedChat.Fault) async throws -> World {
        var world = try world(isEnabled: true)
        world.configuration.sending.settle = .seconds(120)
        world.chat.fail("sendMessage", with: fault)
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.verify] == 1 }
        world.configuration.sending.isEnabled = false
        return world
    }

    @Test
    func `finds owners, composes messages and says what it would have sent, without a call that changes anything`()
        async throws
    {
        let world = try world()
        let owners = [World.owner, World.did("one"), World.did("two")]
        let events = try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) }
        try await world.run([World.batch(events)])
        #expect(world.chat.calls.filter(Self.changing.contains) == [])
        let jobs = try await world.jobs()
        #expect(jobs.map(\.state) == [.dropped, .dropped, .dropped])
        #expect(jobs.allSatisfy { $0.reason == .shadowMode && $0.projectName != nil })
        let lines = log.lines.filter { $0.message == Self.line }
        #expect(Set(lines.map { $0.metadata["did"] }) == Set(owners.map(\.text)))
        #expect(Set(lines.map { $0.metadata["uri"] }) == Set(jobs.map(\.uri.text)))
        #expect(lines.allSatisfy { $0.level == .notice && $0.metadata["rule"] == "issues" })
        #expect(lines.allSatisfy { $0.metadata["text"]?.contains("“Please mend the door” for") == true })
        let history = try await desk(world).history(of: try #require(jobs.first?.uri))
        #expect(history.attempts.map(\.reason) == [.shadowMode])
        #expect(log.count(Self.warning, .warning) == 1)
    }

    @Test func `warns of itself every day`() async throws {
        var world = try world()
        world.sleeper = HurriedClock()
        let (log, clock) = (log, world.clock)
        // Each look at the ledger lets a day pass, once the request is over: else it might be too old first.
        try await world.run([World.batch(try World.event(at: world.clock))]) { counts in
            guard counts[.dropped] == 1 else { return false }
            clock.advance(86_401)
            return log.count(Self.warning, .warning) > 1
        }
    }

    @Test func `needs no session, and is not held up by a sender that has none`() async throws {
        var world = try await doubt(.lostBefore)
        world.configuration.sending.answersInterval = .seconds(60)
        world.clock.advance(121)
        let noLogin = ScriptedChat.Fault.session(SessionError(code: .needsLogin, sentence: "log in"))
        world.chat.fail("getLog", with: noLogin)
        world.chat.fail("getMessages", with: noLogin)
        world.configuration.sending.probeInterval = .seconds(600)
        // The owner is found when the sender has paused.
        world.identities.fail()
        let other = try World.event(2, for: World.did("other"), at: world.clock)
        let (log, identities) = (log, world.identities)
        try await world.run([World.batch(other)]) { counts in
            if log.count("sending paused") == 1 { identities.move(to: "https://pds.test") }
            return counts[.dropped] == 1
        }
        #expect(log.count("sending paused") == 1 && world.chat.messages.isEmpty)
        #expect(try await world.jobs().first?.reason == .shadowMode)
    }

    @Test func `finds out that a message in doubt arrived`() async throws {
        let world = try await doubt(.lostAfter)
        world.clock.advance(121)
        try await world.run([]) { $0[.delivered] == 1 }
        #expect(world.chat.messages.count == 1)
    }

    @Test func `does not send a message in doubt again that did not arrive`() async throws {
        let world = try await doubt(.lostBefore)
        world.clock.advance(121)
        try await world.run([]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.shadowMode])
        #expect(world.chat.calls.count { $0 == "sendMessage" } == 1)
        #expect(log.count(Self.line) == 1)
    }

    @Test func `ends what waited for a limit`() async throws {
        var world = try world(isEnabled: true)
        world.configuration.policy.ownerHourlyLimit = 1
        let events = try (1...2).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.delivered] == 1 && $0[.queued] == 1 }
        world.configuration.sending.isEnabled = false
        try await world.run([]) { $0[.delivered] == 1 && $0[.dropped] == 1 }
        #expect(world.chat.messages.count == 1)
    }

    @Test func `heeds what owners answer`() async throws {
        var world = try world()
        world.configuration.sending.answersInterval = .seconds(1)
        let chat = world.chat
        try await world.run([World.batch(try World.event(at: world.clock))]) { counts in
            counts[.dropped] == 1 && chat.calls.contains("getLog")
        }
        world.chat.say("STOP", by: World.owner)
        let log = log
        let event = try World.event(2, for: World.did("other"), at: world.clock)
        try await world.run([World.batch(event)]) { $0[.dropped] == 2 && log.count("owner suppressed") == 1 }
    }

    @Test func `ends what waited for a follow when it comes, and lets it wait until then`() async throws {
        var world = try world()
        world.configuration.policy.recipients = .followers
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.deferred] == 1 }
        #expect(log.count(Self.line) == 0)
        world.http = .world(followers: [World.owner])
        world.clock.advance(901)
        try await world.run([]) { $0[.dropped] == 1 }
        #expect(log.count(Self.line) == 1)
    }

    @Test
    func `tells nobody afterwards of what was seen in it, also when it waited or was looked up, unless asked for`()
        async throws
    {
        var world = try world()
        let waiter = World.did("waiter")
        world.configuration.policy.recipients = .followers
        world.http = .world(followers: [World.owner])
        let events = [try World.event(1, at: world.clock), try World.event(2, for: waiter, at: world.clock)]
        try await world.run([World.batch(events)]) { $0[.dropped] == 1 && $0[.deferred] == 1 }
        world.identities.fail()
        try await world.run([World.batch(try World.event(3, at: world.clock))]) { $0[.lookup] == 1 }

        world.configuration.sending.isEnabled = true
        world.identities.move(to: "https://pds.test")
        world.http = .world(followers: [World.owner, waiter])
        world.clock.advance(901)
        try await world.run([World.batch(try World.event(4, title: "New", at: world.clock, rev: 9))]) { counts in
            counts[.dropped] == 3 && counts[.delivered] == 1
        }
        #expect(world.chat.messages.map(\.owner) == [World.owner])
        #expect(world.chat.messages.first?.text.contains("New") == true)
        #expect(
            log.count(
                "shadow mode is over: messages are sent from now on, and nobody is told of what was seen during it",
                .warning
            ) == 1
        )

        let desk = try await desk(world)
        let shadowed = try await desk.jobs(for: .shadowMode)
        #expect(shadowed.count == 3)
        #expect(try await desk.jobs(in: .delivered, for: .shadowMode).isEmpty)
        let uri = try #require(shadowed.first { $0.owner == waiter }?.uri)
        #expect(try await desk.carryOut(.retry, about: uri, now: world.clock.now()).count == 1)
        try await world.run([]) { $0[.dropped] == 2 && $0[.delivered] == 2 }
        #expect(world.chat.messages.map(\.owner) == [World.owner, waiter])
    }

    @Test func `counts as having told: other words are no news afterwards, another project is`() async throws {
        var world = try world()
        let (waiter, other) = (World.did("waiter"), World.did("other"))
        world.configuration.policy.recipients = .followers
        world.http = .world(followers: [World.owner])
        let events = [try World.event(1, at: world.clock), try World.event(2, for: waiter, at: world.clock)]
        try await world.run([World.batch(events)]) { $0[.dropped] == 1 && $0[.deferred] == 1 }
        world.configuration.sending.isEnabled = true
        world.configuration.policy.recipients = .anyone
        let words = [
            try World.event(1, operation: .update, title: "Other words", at: world.clock, rev: 5),
            try World.event(2, for: waiter, operation: .update, title: "Other words", at: world.clock, rev: 6),
            try World.event(3, title: "New", at: world.clock, rev: 7),
        ]
        try await world.run([World.batch(words)]) { $0[.dropped] == 2 && $0[.delivered] == 1 }
        #expect(world.chat.messages.map(\.owner) == [World.owner])
        let moved = try World.event(1, for: other, operation: .update, title: "Moved", at: world.clock, rev: 8)
        try await world.run([World.batch(moved)]) { $0[.dropped] == 2 && $0[.delivered] == 2 }
        #expect(world.chat.messages.last?.owner == other)
    }

    @Test func `mentions nobody, and says what it would have posted`() async throws {
        var world = try world()
        world.configuration.policy.recipients = .followers
        world.configuration.mentions.owners = [World.owner]
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.dropped] == 1 }
        #expect(try await world.jobs().map(\.reason) == [.shadowMode])
        let line = log.metadata(of: "shadow mode: mention not posted").first
        #expect(line?["text"]?.contains("there is a change request for your project") == true)
        #expect(world.chat.puts == 0)
    }

    @Test func `makes no post again that is in doubt; it waits until sending is on`() async throws {
        var world = try world(isEnabled: true)
        world.configuration.policy.recipients = .followers
        world.configuration.mentions.owners = [World.owner]
        // One attempt a life.
        world.configuration.sending.firstWait = .seconds(60)
        world.chat.fail("putRecord", with: .lostAfter)
        let chat = world.chat
        try await world.run([World.batch(try World.event(at: world.clock))]) { $0[.posting] == 1 && chat.puts == 1 }
        world.configuration.sending.isEnabled = false
        world.clock.advance(61)
        world.http = .world(followers: [World.did("other")])
        let other = try World.event(2, for: World.did("other"), at: world.clock)
        try await world.run([World.batch(other)]) { $0[.posting] == 1 && $0[.dropped] == 1 }
        #expect(world.chat.puts == 1)
        world.configuration.sending.isEnabled = true
        try await world.run([]) { $0[.delivered] == 1 && $0[.dropped] == 1 }
        #expect(world.chat.posts.count == 1)
    }
}
