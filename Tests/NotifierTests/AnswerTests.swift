import ATProtocol
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What is answered to those who write to the sender: once, in one line, and nothing to who did not ask.
@Suite(.timeLimit(.minutes(2))) struct `An answer` {
    private static let stopped = "Impact Notifier: You get no more messages. Answer START to get them again. "
    private static let started = "Impact Notifier: You get messages again. Answer STOP to get no more. "
    private static let help =
        "Impact Notifier: I did not understand that. Answer HELP for what I do, STOP to get no more messages. "

    private let log = LogRecorder()

    /// Runs until the owner has so many answers.
    private func run(_ world: World, untilAnswers count: Int) async throws {
        try await world.run([]) { [chat = world.chat] _ in chat.answers(to: World.owner).count >= count }
    }

    @Test(arguments: ["\u{455}t\u{43E}p", "S T O P 🙏", "не пиши!", "STOP.\n\nSent from my iPhone", "🛑"])
    func `confirms a word to stop once, in whatever form it came`(text: String) async throws {
        let world = try await World.told(log)
        world.chat.say(text, by: World.owner)
        try await run(world, untilAnswers: 1)
        #expect(try await world.suppressions().map(\.reason) == [.ownerStopped])
        #expect(world.chat.answers(to: World.owner) == [Self.stopped])
        world.chat.say("stop", by: World.owner)
        world.chat.say(text, by: World.owner)
        try await world.run([World.batch(try World.event(2, at: world.clock))])
        try await world.run(untilToldOf: 3)
        #expect(world.chat.answers(to: World.owner).count == 1 && world.chat.notices(to: World.owner).count == 1)
        #expect(log.metadata(of: "answer sent to an owner").map { $0["kind"] } == ["stopped"])
    }

    @Test(arguments: [
        ScriptedChat.Fault.lostAfter, .lostBefore, .answer(status: 429, body: "{}"), .answer(status: 502, body: ""),
    ]) func `comes once, whatever becomes of the call`(fault: ScriptedChat.Fault) async throws {
        let world = try await World.told(log)
        world.chat.fail("sendMessage", with: fault)
        world.chat.say("stop", by: World.owner)
        try await run(world, untilAnswers: 1)
        try await world.run(untilToldOf: 2)
        try await world.run(untilToldOf: 3)
        #expect(world.chat.answers(to: World.owner) == [Self.stopped])
    }

    @Test func `is given to each word that changes something, in the order written, and never twice`() async throws {
        let world = try await World.told(log)
        for word in ["STOP", "START", "STOP"] { world.chat.say(word, by: World.owner) }
        try await run(world, untilAnswers: 3)
        #expect(world.chat.answers(to: World.owner) == [Self.stopped, Self.started, Self.stopped])
        // The log goes on elsewhere, and everything is read once more.
        world.clock.advance(61)
        world.chat.fail("getLog", with: .answer(status: 400, body: #"{"error":"InvalidRequest"}"#))
        try await world.run(untilToldOf: 2)
        #expect(log.count(World.answersReadElsewhere) == 1)
        #expect(world.chat.answers(to: World.owner).count == 3)
        #expect(try await world.suppressions().map(\.reason) == [.ownerStopped])
    }

    @Test func `that the chat holds is not sent again by a ledger that was restored`() async throws {
        var first = try World()
        try first.keepOldKey()
        first.configuration.sending.answersInterval = .seconds(60)
        try await first.run([World.batch(try World.event(1, at: first.clock))])
        first.chat.say("stop", by: World.owner)
        try await run(first, untilAnswers: 1)
        var second = try World()
        try second.keepOldKey()
        second.chat = first.chat
        second.configuration.sending.answersInterval = .seconds(60)
        try await World.ledger(in: second.directory).settings.set("chat-log-cursor", to: "rev")
        try await second.run(untilToldOf: 2)
        try await second.run(untilToldOf: 3)
        #expect(try await second.suppressions().map(\.reason) == [.ownerStopped])
        #expect(second.chat.answers(to: World.owner) == [Self.stopped])
    }

    @Test func `of help goes once a day to who was written to and is not understood, and the log has no word of it`()
        async throws
    {
        let world = try await World.told(log)
        let stranger = World.did("stranger")
        for person in [World.owner, stranger] { world.chat.say("xyzzy, plugh", by: person) }
        world.chat.say("don't stop xyzzy", by: World.owner)
        try await run(world, untilAnswers: 1)
        try await world.run(untilToldOf: 2)
        #expect(world.chat.answers(to: World.owner) == [Self.help] && world.chat.answers(to: stranger).isEmpty)
        #expect(log.count("owner's answer not understood", .info) == 3 && !log.text.contains("xyzzy"))
        world.clock.advance(86_401)
        world.chat.say("xyzzy", by: World.owner)
        try await run(world, untilAnswers: 2)
        // Whoever wants no messages gets none of these either.
        world.clock.advance(86_401)
        world.chat.say("stop", by: World.owner)
        world.chat.say("xyzzy", by: World.owner)
        try await run(world, untilAnswers: 3)
        try await world.run(untilToldOf: 3)
        #expect(world.chat.answers(to: World.owner) == [Self.help, Self.help, Self.stopped])
        #expect(try await world.suppressions().map(\.reason) == [.ownerStopped])
    }

    @Test func `of help that has not left when its reader says stop is not sent`() async throws {
        let world = try await World.told(log)
        world.chat.say("xyzzy", by: World.owner)
        world.chat.say("stop", by: World.owner)
        try await run(world, untilAnswers: 1)
        try await world.run(untilToldOf: 2)
        #expect(world.chat.answers(to: World.owner) == [Self.stopped])
    }

    @Test func `is confirmed to who says stop before anything was sent to them`() async throws {
        let world = try await World.told(log)
        let stranger = World.did("stranger")
        world.chat.say("stop", by: stranger)
        try await world.run([]) { [chat = world.chat] _ in chat.answers(to: stranger).count == 1 }
        try await world.run([World.batch(try World.event(2, for: stranger, at: world.clock))])
        #expect(world.chat.messages(to: stranger).count == 1)
    }

    @Test func `ends at twelve in a day for one person, whose words are heeded all the same`() async throws {
        let world = try await World.told(log)
        for _ in 0..<8 { for word in ["stop", "start"] { world.chat.say(word, by: World.owner) } }
        world.chat.say("stop", by: World.owner)
        try await run(world, untilAnswers: 12)
        try await world.run(untilToldOf: 2)
        #expect(world.chat.answers(to: World.owner).count == 12)
        #expect(try await world.suppressions().map(\.reason) == [.ownerStopped])
    }

    @Test func `is none in shadow mode, nor later to what was said in it`() async throws {
        var world = try await World.told(log)
        world.configuration.sending.isEnabled = false
        world.chat.say("stop", by: World.owner)
        let log = log
        let other = World.batch(try World.event(2, for: World.did("shadowed"), at: world.clock))
        try await world.run([other]) { $0[.dropped] == 1 && log.count("owner suppressed") == 1 }
        world.configuration.sending.isEnabled = true
        try await world.run(untilToldOf: 3)
        #expect(world.chat.answers(to: World.owner).isEmpty)
        #expect(try await world.suppressions().map(\.reason) == [.ownerStopped])
    }

    @Test func `counts for nobody's limit, the day's neither`() async throws {
        var world = try await World.told(log)
        world.configuration.policy.ownerHourlyLimit = 2
        world.configuration.sending.dailyLimit = 2
        world.chat.say("xyzzy", by: World.owner)
        try await run(world, untilAnswers: 1)
        try await world.run([World.batch(try World.event(2, at: world.clock))])
        #expect(world.chat.notices(to: World.owner).count == 2)
    }

    @Test func `has its line even where the contact is too long for it`() {
        var configuration = MessageConfiguration()
        configuration.contact = "help@example.com"
        let short = ComposedMessage(.stopped, configuration, mark: "abc")
        #expect(short.text.hasSuffix("get them again. Questions: help@example.com. [ref-abc]"))
        #expect(short.reference == "ref-abc" && !short.text.contains("\n"))
        configuration.contact = String(repeating: "x", count: 1000)
        let long = ComposedMessage(.stopped, configuration, mark: "abc")
        #expect(long.text.hasSuffix("get them again. [ref-abc]"))
    }
}
