import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// Only what somebody says to the sender alone is said to it.
@Suite(.timeLimit(.minutes(2))) struct `Words in a group` {
    private let log = LogRecorder()

    @Test func `stop nothing and get no answer, though the group has two members`() async throws {
        let world = try await World.told(log)
        let stranger = World.did("stranger")
        for word in ["no", "stop", "xyzzy"] { world.chat.say(word, by: World.owner, in: "group-1") }
        world.chat.say("stop", by: stranger, in: "group-2")
        world.chat.say("hello", by: World.owner, in: "group-2")
        try await world.run(untilToldOf: 2)
        try await world.run(untilToldOf: 3)
        #expect(try await world.suppressions().isEmpty)
        #expect(world.chat.answers(to: World.owner).isEmpty && world.chat.messages(to: stranger).isEmpty)
        // Each group is asked about once, and so is nobody whose conversation is known.
        #expect(world.chat.calls.count { $0 == "getConvo" } == 2)
    }

    @Test func `keep nobody's word to stop from being heard`() async throws {
        let world = try await World.told(log)
        world.chat.say("hello", by: World.owner, in: "group-1")
        world.chat.fail("getConvo", with: .answer(status: 503, body: ""), .answer(status: 503, body: ""))
        world.chat.say("stop", by: World.owner)
        for number in 2...4 {
            try await world.run(untilToldOf: number)
            world.clock.advance(3601)
        }
        #expect(try await world.suppressions().map(\.did) == [World.owner])
    }

    @Test func `that may be none, read before the others, keep nobody's word to stop from being heard`() async throws {
        let world = try await World.told(log)
        world.chat.say("stop", by: World.owner)
        world.chat.say("xyzzy", by: World.owner, in: "group-1")
        world.chat.fail("getConvo", with: .answer(status: 400, body: #"{"error":"InvalidConvo"}"#))
        world.chat.fail("getLog", with: .answer(status: 400, body: #"{"error":"InvalidRequest"}"#))
        try await world.run(untilToldOf: 2)
        #expect(log.count(World.answersReadElsewhere) == 1)
        #expect(try await world.suppressions().map(\.did) == [World.owner])
    }
}
