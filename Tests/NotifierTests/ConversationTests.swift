import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// An owner and the sender talk: what is asked for is done, in the order written, and said in one line, once.
@Suite(.timeLimit(.minutes(2))) struct `A conversation with an owner` {
    private let log = LogRecorder()

    /// Lets the owner write, the daemon start, and answer all of it; the answers to it.
    private func answers(_ words: String..., in world: World, by person: DID = World.owner) async throws -> [String] {
        let before = world.chat.answers(to: person).count
        for text in words { world.chat.say(text, by: person) }
        try await world.run([]) { [chat = world.chat] _ in chat.answers(to: person).count >= before + words.count }
        return world.chat.answers(to: person).dropFirst(before).map { text in
            #expect(text.hasPrefix("Impact Notifier: ") && !text.contains("\n"))
            return String(text.dropFirst("Impact Notifier: ".count).dropLast())
        }
    }

    /// Runs until somebody else was told, which is after everything that was written was read.
    private func run(_ world: World, untilToldOf number: Int) async throws {
        let other = World.did("other" + String(repeating: "x", count: number))
        let chat = world.chat
        try await world.run([World.batch(try World.event(number, for: other, at: world.clock))]) { _ in
            !chat.messages(to: other).isEmpty
        }
    }

    private func preferences(_ world: World) async throws -> Preferences {
        try await world.directory.ledger().recipients.preferences(of: World.owner)
    }

    @Test func `goes from the first message to the last word`() async throws {
        let world = try await World.told(log)
        let help = try await answers("Help?", in: world)
        #expect(help.first?.hasPrefix("Answer STATUS for what waits for you; MUTE") == true)
        #expect(try await answers("status", in: world) == ["Nothing waits for you."])
        let daily = "You get one message a day at the most."
        #expect(try await answers("digest daily", in: world) == [daily])
        let events = [
            try World.event(2, at: world.clock), try World.event(3, project: "p2", title: "Second", at: world.clock),
        ]
        try await world.run([World.batch(events)], untilNothingIsDue: true) { $0[.queued] == 2 }
        let waiting = "2 requests wait for you: 1 about “Project p1”, 1 about “Project p2”."
        #expect(try await answers("Status", in: world) == ["\(waiting) \(daily)"])
        let muted = try await answers("mute “Project p1” 7 days", in: world)
        #expect(muted == ["You get no messages about “Project p1” for 7 days. Answer UNMUTE to get them again."])
        let jobs = try await world.jobs()
        #expect(jobs.filter { $0.reason == .projectMuted }.map(\.state) == [.dropped])
        let less = try await answers("status", in: world)
        let until = CalendarDate(world.clock.now() + .seconds(7 * 86_400))
        #expect(
            less == ["1 request waits for you: 1 about “Project p2”. \(daily) Muted: “Project p1” until \(until)."]
        )
        #expect(try await answers("unmute", in: world) == ["You get messages about “Project p1” again."])
        #expect(try await answers("unmute", in: world) == ["Nothing of that is muted."])
        #expect(
            try await answers("digest now", in: world) == ["You get a message as soon as there is something to tell."]
        )
        try await world.run([])
        #expect(world.chat.notices(to: World.owner).last?.text.contains("Second") == true)
        #expect(try await answers("stop", in: world) == ["You get no more messages. Answer START to get them again."])
        let stopped = try await answers("status", in: world)
        #expect(stopped.first?.hasPrefix("You get no messages; answer START to get them again.") == true)
        #expect(try await answers("start", in: world) == ["You get messages again. Answer STOP to get no more."])
        #expect(world.chat.notices(to: World.owner).count == 2)
        #expect(log.count("owner's command carried out") == 11 && log.count("owner asked for messages") == 1)
    }

    @Test func `does everything in the order written, once, whatever is read again`() async throws {
        let world = try await World.told(log)
        let words = ["digest daily", "digest weekly", "mute p1", "unmute", "digest hourly"]
        for word in words { world.chat.say(word, by: World.owner) }
        try await world.run([]) { [chat = world.chat] _ in chat.answers(to: World.owner).count == words.count }
        let said = world.chat.answers(to: World.owner).map { $0.dropFirst("Impact Notifier: ".count).prefix(26) }
        #expect(
            said == [
                "You get one message a day ", "You get one message a week", "You get no messages about ",
                "You get messages about “Pr", "You get one message an hou",
            ]
        )
        let ledger = try await world.directory.ledger()
        try await ledger.recipients.change(World.owner, now: world.clock.now()) { $0.digest = .now }
        // The log goes on elsewhere, and everything is read once more.
        world.clock.advance(61)
        world.chat.fail("getLog", with: .answer(status: 400, body: #"{"error":"InvalidRequest"}"#))
        try await run(world, untilToldOf: 2)
        #expect(log.count(World.answersReadElsewhere) == 1)
        #expect(world.chat.answers(to: World.owner).count == words.count)
        #expect(try await preferences(world).digest == .now)
    }

    @Test(arguments: [
        ScriptedChat.Fault.lostAfter, .lostBefore, .answer(status: 429, body: "{}"), .answer(status: 502, body: ""),
    ]) func `says each thing once, whatever becomes of the call`(fault: ScriptedChat.Fault) async throws {
        let world = try await World.told(log)
        world.chat.fail("sendMessage", with: fault)
        #expect(try await answers("digest daily", "mute p1", in: world).count == 2)
        try await run(world, untilToldOf: 2)
        let answers = world.chat.answers(to: World.owner)
        #expect(answers.count == 2 && answers.first?.contains("a day") == true, "\(answers)")
    }

    @Test func `asks which project is meant, and says which there are`() async throws {
        let world = try await World.told(log)
        for words in ["mute", "mute Wheel", "unmute Wheel"] {
            let answer = "I do not know which project that is. Answer MUTE or UNMUTE and its name: “Project p1”."
            #expect(try await answers(words, in: world) == [answer], "\(words)")
        }
        let stranger = World.did("stranger")
        #expect(try await answers("mute Wheel", in: world, by: stranger) == ["I know no project of yours yet."])
    }

    @Test func `says what waits until its reader follows`() async throws {
        var world = try await World.told(log)
        world.configuration.policy.recipients = .followers
        try await world.run([World.batch(try World.event(2, at: world.clock))]) { $0[.deferred] == 1 }
        let status = try await answers("status", in: world)
        #expect(status == ["1 request waits for you: 1 about “Project p1”. It waits until you follow this account."])
    }

    @Test func `does not begin by what its reader quotes, nor by what the sender said`() async throws {
        let world = try await World.told(log)
        let answer = try await answers("> DIGEST NOW, HOURLY, DAILY or WEEKLY\n> digest daily\n\nxyzzy", in: world)
        #expect(answer.first?.hasPrefix("I did not understand that.") == true)
        #expect(try await preferences(world) == Preferences())
    }

    @Test func `is none with whom an operator lets nobody write to`() async throws {
        let world = try await World.told(log)
        let ledger = try await world.directory.ledger()
        try await ledger.suppressions.suppress(World.owner, reason: .operatorDecision, now: world.clock.now())
        for word in ["help", "status", "start", "digest daily"] { world.chat.say(word, by: World.owner) }
        try await run(world, untilToldOf: 2)
        try await run(world, untilToldOf: 3)
        #expect(world.chat.answers(to: World.owner).isEmpty)
        #expect(try await ledger.suppressions.all().map(\.reason) == [.operatorDecision])
    }

    @Test func `names few projects, and fits into a message`() {
        let long = String(repeating: "very long ", count: 40)
        let waiting = (1...20).map { OwnerStanding.Waiting(project: "\(long)\($0)", number: 25) }
        var standing = OwnerStanding(waiting: waiting, isMore: true, pace: .weekly)
        standing.muted = (1...20).map { .init(project: "\(long)\($0)", until: 1_790_000_000) }
        let message = ComposedMessage(.status(standing), MessageConfiguration(), mark: "abc")
        #expect(
            message.text.contains("More than 500 requests wait for you: 25 about")
                && message.text.contains("375 about others")
        )
        #expect(message.text.contains(" and 15 more.") && !message.text.contains("\n"))
        #expect(message.text.count <= ComposedMessage.maximumGraphemes)
    }
}
