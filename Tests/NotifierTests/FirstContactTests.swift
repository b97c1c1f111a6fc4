import ATProtocol
import Foundation
import Network
internal import Sandbox
import TestSupport
import Testing

@testable import Notifier

@Suite(.timeLimit(.minutes(2))) struct `The line on who runs this` {
    private static let about = "Run by the Windmill team, see https://mill.example/bot"

    private func world() throws -> World {
        var world = try World()
        world.configuration.message.about = Self.about
        return world
    }

    /// Which messages to an owner have the line.
    private func lines(_ world: World, for owner: DID = World.owner) -> [Bool] {
        world.chat.messages(to: owner).map { $0.text.contains("\n\(Self.about)\n") }
    }

    private func run(_ world: World, _ numbers: Int..., for owner: DID = World.owner) async throws {
        let events = try numbers.map { try World.event($0, for: owner, at: world.clock) }
        try await world.run([World.batch(events)])
    }

    @Test func `stands in the first message to each person, and in no later one, after a restart either`() async throws
    {
        let world = try world()
        try await run(world, 1, 2)
        #expect(lines(world) == [true, false])
        try await run(world, 3)
        #expect(lines(world) == [true, false, false])
        let other = World.did("other")
        try await run(world, 4, 5, for: other)
        #expect(lines(world, for: other) == [true, false])
    }

    @Test func `stands in the first notice, though they were answered before`() async throws {
        var world = try world()
        world.configuration.sending.answersInterval = .seconds(60)
        try await run(world, 1, for: World.did("other"))
        world.chat.say("help", by: World.owner)
        try await world.run([]) { [chat = world.chat] _ in chat.answers(to: World.owner).count == 1 }
        try await run(world, 2, 3)
        #expect(lines(world) == [false, true, false])
    }

    @Test func `stands in a digest, when that is the first`() async throws {
        var world = try world()
        world.configuration.digest.maximumListed = 5
        world.configuration.sending.firstWait = .seconds(1000)
        // Whichever of them are looked up first.
        world.chat.refuse(World.owner, status: 500, "{}")
        let events = try (1...3).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)]) { [chat = world.chat] in
            $0[.queued] == 3 && chat.calls.contains("getConvoForMembers")
        }
        world.chat.refuse(World.owner, nil)
        world.clock.advance(1001)
        try await world.run([])
        #expect(world.chat.messages.first?.text.hasPrefix("3 new change requests") == true)
        #expect(lines(world) == [true])
        // Behind the digest's window.
        world.clock.advance(301)
        try await run(world, 4)
        #expect(lines(world) == [true, false])
    }

    @Test func `is not told again when the ledger is lost, for the conversation has it`() async throws {
        let world = try world()
        try world.keepOldKey()
        try await run(world, 1)
        // The last word there is the owner's, now and then.
        for (number, word) in [(2, nil), (3, "thanks")] as [(Int, String?)] {
            if let word { world.chat.say(word, by: World.owner) }
            try await world.untilClosed()
            try FileManager.default.removeItem(atPath: world.directory.file("ledger.sqlite"))
            world.clock.advance(60)
            try await run(world, number)
        }
        #expect(lines(world) == [true, false, false])
    }

    @Test func `is told an owner who wrote first, or did not let anybody write`() async throws {
        let first = try world()
        first.chat.say("Who are you?", by: World.owner)
        try await run(first, 1)
        #expect(lines(first) == [true])

        var second = try world()
        second.configuration.policy.maximumAge = .seconds(30 * 86_400)
        second.chat.refuse(World.owner, #"{"error":"MessagesDisabled"}"#)
        try await run(second, 1)
        second.chat.refuse(World.owner, nil)
        second.clock.advance(7 * 86_400 + 1)
        try await second.run([]) { $0[.delivered] == 1 }
        #expect(lines(second) == [true])
    }

    @Test(arguments: [ScriptedChat.Fault.lostAfter, .lostBefore]) func `is written once when an answer is lost`(
        fault: ScriptedChat.Fault
    ) async throws {
        let world = try world()
        world.chat.fail("sendMessage", with: fault)
        try await run(world, 1)
        try await run(world, 2)
        #expect(lines(world) == [true, false])
    }

    @Test func `is left out where there is none`() async throws {
        let world = try World()
        try await run(world, 1)
        #expect(world.chat.messages.first?.text.contains("\n\n— Impact Notifier") == true)
    }
}
