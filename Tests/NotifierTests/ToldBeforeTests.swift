import ATProtocol
import Firehose
import Foundation
internal import Logging
import Network
internal import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// The conversation, not the ledger, says what was said.
@Suite(.timeLimit(.minutes(2))) struct `What the chat holds is told to nobody twice` {
    /// A copy of a state directory's ledger, or an empty one, in place of the one that knows more.
    private func restore(_ world: World, _ copy: [(String, [UInt8])]) async throws {
        try await world.untilClosed()
        try FileManager.default.removeItem(atPath: world.directory.file("ledger.sqlite"))
        for (name, bytes) in copy { try world.directory.write(bytes, to: name) }
    }

    private func copy(_ world: World, with others: [String] = []) async throws -> [(String, [UInt8])] {
        try await world.untilClosed()
        return (["ledger.sqlite"] + others).compactMap { name in
            FileManager.default.contents(atPath: world.directory.file(name)).map { (name, [UInt8]($0)) }
        }
    }

    private func events(_ world: World, _ numbers: ClosedRange<Int>, for owner: DID = World.owner) throws
        -> [StreamEvent]
    {
        try numbers.map { try World.event($0, for: owner, at: world.clock) }
    }

    /// An event of a record whose key says that it is written now.
    private func later(_ world: World, _ number: Int) throws -> StreamEvent {
        var event = try World.event(number, at: world.clock)
        guard case .commit(var commit) = event.body else { return event }
        commit.recordKey = try RecordKey(
            TID(microseconds: UInt64(world.clock.now().microseconds) + UInt64(number), clock: 1).text
        )
        event.body = .commit(commit)
        return event
    }

    enum Loss: CaseIterable { case restored, emptied }

    @Test(arguments: Loss.allCases)
    func `by a ledger that is older, or gone`(loss: Loss) async throws {
        var world = try World()
        let log = LogRecorder()
        world.logger = log.logger
        try world.keepOldKey()
        let first = try events(world, 1...2)
        try await world.run([World.batch(first)])
        let backup = try await copy(world)
        let later = try events(world, 3...6)
        try await world.run([World.batch(later)])
        #expect(world.chat.messages.count == 6)
        try await restore(world, loss == .restored ? backup : [])
        let newest = try events(world, 7...7)
        try await world.run([World.batch((loss == .restored ? [] : first) + later + newest)])
        #expect(world.chat.messages(to: World.owner).count == 7, "each once")
        let jobs = try await world.jobs()
        #expect(jobs.allSatisfy { $0.state == .delivered })
        #expect(jobs.count { $0.reason == .alreadyTold } == (loss == .restored ? 4 : 6))
        #expect(log.count("the ledger is older than the chat", .warning) == 1)
        #expect(log.count("owner was told already") == (loss == .restored ? 4 : 6))
    }

    @Test(arguments: Loss.allCases, [Duration.zero, .seconds(-365 * 86_400)])
    func `when a later request is told before an earlier one is looked at again`(loss: Loss, step: Duration)
        async throws
    {
        let world = try World()
        try world.keepOldKey()
        let first = try events(world, 1...1)
        try await world.run([World.batch(first)])
        let backup = try await copy(world)
        let (told, later) = (try events(world, 2...4), try events(world, 5...5))
        try await world.run([World.batch(told)])
        try await restore(world, loss == .restored ? backup : [])
        world.clock.advance(step)
        try await world.run([World.batch(later)])
        for event in (loss == .restored ? [] : first) + told { try await world.run([World.batch(event)]) }
        #expect(world.chat.messages(to: World.owner).count == 5, "each once")
        #expect(try await world.jobs().allSatisfy { $0.state == .delivered })
    }

    @Test func `in a digest, by the marks of all that it lists`() async throws {
        var world = try World()
        world.configuration.digest.maximumListed = 5
        world.configuration.sending.firstWait = .seconds(1000)
        // Whichever of them are looked up first.
        world.chat.refuse(World.owner, status: 500, "{}")
        let events = try events(world, 1...3)
        try await world.run([World.batch(events)]) { [chat = world.chat] in
            $0[.queued] == 3 && chat.calls.contains("getConvoForMembers")
        }
        world.chat.refuse(World.owner, nil)
        world.clock.advance(1001)
        try await world.run([])
        let text = try #require(world.chat.messages(to: World.owner).first?.text)
        #expect(MessageReference.marks(in: text).count == 3)
        try await restore(world, [])
        world.configuration.digest.maximumListed = 1
        try await world.run([World.batch(events)])
        #expect(world.chat.messages.count == 1)
    }

    @Test func `by two daemons with copies of one ledger, and both say so`() async throws {
        let world = try World()
        var other = try World()
        other.chat = world.chat
        let log = LogRecorder()
        other.logger = log.logger
        try world.keepOldKey()
        let first = try events(world, 1...1)
        try await world.run([World.batch(first)])
        for (name, bytes) in try await copy(world, with: ["marks.key"]) {
            try other.directory.write(bytes, to: name)
        }
        world.clock.advance(10)
        other.clock.advance(10)
        let second = try World.event(2, at: world.clock)
        try await world.run([World.batch(second)])
        try await other.run([World.batch(second)])
        #expect(world.chat.messages.count == 2)
        #expect(log.count("the chat holds messages of this account that the ledger does not know", .warning) == 1)
    }

    @Test func `by two daemons that hear of it in the same instant, when they are on one machine`() async throws {
        var (world, other) = (try World(), try World())
        other.chat = world.chat
        world.turnName = "tests/\(world.directory.path)"
        other.turnName = world.turnName
        let (one, two) = (world, other)
        for world in [one, two] { try world.keepOldKey() }
        for number in 1...20 {
            let batch = World.batch(
                try World.event(number, for: World.did("both" + String(repeating: "b", count: number)), at: world.clock)
            )
            async let first: Void = one.run([batch])
            async let second: Void = two.run([batch])
            _ = try await (first, second)
            #expect(one.chat.messages.count == number)
        }
    }

    @Test func `while nobody can say whether the ledger is older than the chat, each conversation is read`()
        async throws
    {
        var world = try World()
        world.configuration.sending.answersInterval = .seconds(60)
        func reads() -> Int { world.chat.calls.count { $0 == "getMessages" } }
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        let before = reads()
        world.clock.advance(61)
        for _ in 0..<9 { world.chat.fail("listConvos", with: .answer(status: 503, body: "")) }
        try await world.run([World.batch(try World.event(2, at: world.clock))])
        #expect(reads() == before + 1 && world.chat.messages(to: World.owner).count == 2)
    }

    @Test func `what an owner wrote meanwhile hinders nothing and is read once`() async throws {
        let world = try World()
        func reads() -> Int { world.chat.calls.count { $0 == "getMessages" } }
        try await world.run([World.batch(try events(world, 1...1))])
        #expect(reads() == 1, "a conversation without a newest message has not said that it is empty")
        world.chat.say("thanks", by: World.owner)
        // What is written an hour later cannot have been told before the ledger knew the conversation.
        world.clock.advance(3700)
        try await world.run([World.batch(try later(world, 2))])
        #expect(reads() == 2)
        try await world.run([World.batch(try later(world, 3))])
        #expect(world.chat.messages(to: World.owner).count == 3)
        #expect(reads() == 2)
    }

    @Test func `without the key of the marks, what was seen before is the operator's to decide`() async throws {
        let world = try World()
        let first = try events(world, 1...1)
        try await world.run([World.batch(first)])
        try await restore(world, [])
        try FileManager.default.removeItem(atPath: world.directory.file("marks.key"))
        world.clock.advance(60)
        try await world.run([World.batch(first)]) { $0[.uncertain] == 1 }
        let job = try #require(try await world.jobs().first)
        #expect(job.reason == .possiblyTold)
        #expect(world.chat.messages.count == 1)
        // They have looked into the chat, and want it sent.
        _ = try await world.directory.ledger().desk.carryOut(
            .retry,
            about: job.uri,
            now: world.clock.now()
        )
        try await world.run([])
        #expect(world.chat.messages.count == 2)
    }

    @Test
    func `a request that nobody can say of is dropped when it is deleted, and judged anew when it is written anew`()
        async throws
    {
        let world = try World()
        let first = try events(world, 1...2)
        try await world.run([World.batch(first)])
        try await restore(world, [])
        try FileManager.default.removeItem(atPath: world.directory.file("marks.key"))
        world.clock.advance(60)
        try await world.run([World.batch(first)]) { $0[.uncertain] == 2 }
        let deletion = try World.event(1, operation: .delete, at: world.clock, rev: 3)
        let update = try World.event(2, operation: .update, title: "Other words", at: world.clock, rev: 4)
        try await world.run([World.batch(deletion, update)]) { $0[.uncertain] == 1 && $0[.dropped] == 1 }
        #expect(world.chat.messages.count == 2)
    }
}

/// What the marks of messages look like, and where they count.
@Suite struct `The marks of a message` {
    @Test(
        arguments: [
            ("hello [ref-abc.def]", ["abc", "def"]), ("[ref-a2]", ["a2"]), ("hello [ref-abc] ", []),
            ("[ref-abc] hello", []),
            ("hello [ref-]", []), ("[ref-abc] [ref-def]", ["def"]), ("[ref-abc.]", []), ("[ref-ABC]", []), ("]", []),
            ("", []),
            ("[ref-abc", []), ("ref-abc]", []),
        ] as [(String, [String])]
    )
    func `stand in the bracket at its very end`(text: String, marks: [String]) {
        #expect(MessageReference.marks(in: text) == marks)
    }
}
