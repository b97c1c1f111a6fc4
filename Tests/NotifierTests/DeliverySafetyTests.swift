import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// What must not stop, lose or hasten the messages of others.
@Suite(.timeLimit(.minutes(2))) struct `One trouble is not everybody's` {
    private func batch(_ world: World, _ requests: (number: Int, author: DID, owner: DID)...) throws -> StreamBatch {
        World.batch(
            try requests.map { try World.event($0.number, by: $0.author, for: $0.owner, at: world.clock) }
        )
    }

    @Test(arguments: [429, 500, 200, 403])
    func `answers that cannot be read stop no message`(status: Int) async throws {
        var world = try World()
        world.configuration.sending.answersInterval = .zero
        world.configuration.sending.firstLimitWait = .seconds(60)
        for _ in 0..<1000 { world.chat.fail("getLog", with: .answer(status: status, body: "no log")) }
        let owners = (0..<5).map { World.did("reader\(Array("abcde")[$0])") }
        let events = try owners.enumerated().map { try World.event($0 + 1, for: $1, at: world.clock) }
        try await world.run([World.batch(events)])
        #expect(Set(world.chat.messages.map(\.owner)) == Set(owners))
        #expect(world.chat.calls.contains("getLog"))
    }

    @Test func `a suspended account drops nobody's message while nobody can say whose it is`() async throws {
        let world = try World()
        world.chat.refuse(World.owner, #"{"error":"AccountSuspended"}"#)
        world.chat.fail("getStatus", with: .answer(status: 500, body: "{}"))
        // What is asked once more gets a clean answer: it is the owner's.
        try await world.run([World.batch(try World.event(at: world.clock))])
        #expect(try await world.jobs().map(\.reason) == [.recipientSuspended])
        #expect(world.chat.calls.count { $0 == "getStatus" } >= 2)
    }

    @Test func `a request whose rule is gone does not take its digest with it`() async throws {
        var world = try World()
        world.configuration.digest.maximumListed = 5
        world.configuration.digest.window = .seconds(300)
        try await world.run([try batch(world, (1, World.author, World.owner))])
        try await world.run([try batch(world, (2, World.author, World.owner))], untilNothingIsDue: true) {
            $0[.queued] == 1
        }
        world.configuration.rules = [try World.rule(name: "renamed")]
        try await world.run([try batch(world, (3, World.author, World.owner))], untilNothingIsDue: true) {
            $0[.queued] == 2
        }
        world.clock.advance(301)
        try await world.run([])
        let jobs = try await world.jobs().sorted { $0.id < $1.id }
        #expect(jobs.map(\.state) == [.delivered, .dropped, .delivered])
        #expect(jobs[1].reason == .ruleRemoved)
    }

    @Test func `an author at their limit does not hold up another whose request comes first in the digest`()
        async throws
    {
        var world = try World()
        let (busy, calm) = (World.did("busy"), World.did("calm"))
        let (other, third) = (World.did("other"), World.did("third"))
        world.configuration.policy.authorHourlyLimit = 1
        world.configuration.digest.maximumListed = 5
        world.configuration.sending.firstWait = .seconds(1000)
        try await world.run([try batch(world, (1, busy, other))])
        world.chat.fail("getConvoForMembers", with: .answer(status: 500, body: "{}"))
        try await world.run([try batch(world, (2, calm, World.owner))]) { [chat = world.chat] counts in
            counts[.queued] == 1 && chat.calls.count { $0 == "getConvoForMembers" } == 2
        }
        try await world.run([try batch(world, (3, busy, World.owner), (4, calm, third))]) { $0[.delivered] == 2 }
        #expect(world.chat.messages(to: third).count == 1, "the calm author is below their limit")
    }

    @Test func `a message that is sent again keeps the pace`() async throws {
        var world = try World()
        world.configuration.sending.interval = .seconds(100)
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([World.batch(try World.event(at: world.clock))]) { [chat = world.chat] counts in
            counts[.verify] == 1 && chat.calls.contains("getMessages")
        }
        #expect(world.chat.calls.count { $0 == "sendMessage" } == 1)
        world.clock.advance(101)
        try await world.run([])
        #expect(world.chat.messages(to: World.owner).count == 1)
        #expect(world.chat.calls.count { $0 == "sendMessage" } == 2)
    }

    @Test func `a clock that was a month ahead keeps the next message waiting no longer than the pace does`()
        async throws
    {
        var world = try World()
        world.configuration.policy.maximumAge = .seconds(90 * 86_400)
        world.clock.advance(.seconds(30 * 86_400))
        try await world.run([try batch(world, (1, World.author, World.owner))]) { $0[.delivered] == 1 }
        world.clock.advance(.seconds(-30 * 86_400))
        try await world.run([try batch(world, (2, World.author, World.did("second")))]) { $0[.delivered] == 2 }
        #expect(world.chat.messages.count == 2)
    }

    @Test func `a word to stop that came during a doubt is heeded before the message is sent again`() async throws {
        var world = try World()
        world.configuration.sending.answersInterval = .seconds(60)
        try await world.run([World.batch(try World.event(1, for: World.did("first"), at: world.clock))])
        world.configuration.sending.settle = .seconds(30)
        world.chat.fail("sendMessage", with: .lostBefore)
        try await world.run([World.batch(try World.event(2, at: world.clock))]) { $0[.verify] == 1 }
        world.chat.say("stop", by: World.owner)
        world.clock.advance(61)
        try await world.run([])
        #expect(world.chat.notices(to: World.owner).isEmpty)
        #expect(try await world.jobs().first { $0.owner == World.owner }?.state == .dropped)
    }

    @Test func `an output that hangs does not keep the daemon from ending`() async throws {
        var world = try World()
        world.sleeper = HurriedClock()
        let gate = Gate()
        let hook = try WebURL("https://hooks.example.net/x")
        world.configuration.outputs = [
            OutputConfiguration(name: "hook", channel: .webhook(hook, secret: [1]), occasions: [.delivered])
        ]
        // It answers when the request is cancelled.
        world.http.during(hook.path) {
            await withTaskCancellationHandler {
                await gate.pass()
            } onCancel: {
                gate.open()
            }
        }
        try await world.run([World.batch(try (1...50).map { try World.event($0, at: world.clock) })])
        #expect(world.http.count(hook.path) == 1, "what waited is not delivered one by one")
    }

    @Test func `a record of any size is kept within its budget`() {
        var seeds = SeededGenerator(seed: randomSeed())
        func value(_ depth: Int) -> JSONValue {
            switch depth > 0 ? Int.random(in: 0...4, using: &seeds) : 4 {
            case 0, 1: .array((0..<Int.random(in: 0...100, using: &seeds)).map { _ in value(depth - 1) })
            case 2, 3:
                .object(
                    Dictionary((0..<Int.random(in: 0...100, using: &seeds)).map { ("key\($0)", value(depth - 1)) }) {
                        one,
                        _ in one
                    }
                )
            default: .string(String(repeating: "e\u{301}👩‍👩‍👧‍👦x", count: Int.random(in: 0...400, using: &seeds)))
            }
        }
        for _ in 0..<20 {
            let record = JSONValue.object(["title": "kept", "body": value(3), "patch": value(2)])
            let kept = record.abridged(characters: 2000, bytes: 16 << 10)
            #expect(kept.encoded.count <= 40 << 10)
            #expect(kept["title"] == "kept")
        }
    }
}
