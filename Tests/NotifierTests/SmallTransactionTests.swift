import ATProtocol
import Firehose
import GRDB
import LedgerStorage
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// What concerns many rows at once: decided by one, obeyed at once, carried out in batches.
@Suite(.timeLimit(.minutes(2))) struct `What concerns many jobs at once` {
    private func room() async throws -> (WaitingRoom, AdmissionPolicy) {
        (try await WaitingRoom(), AdmissionPolicy(try World.configuration(), sender: World.sender))
    }

    private func begin(_ room: WaitingRoom, _ policy: AdmissionPolicy) async throws -> (Message?, Applied)? {
        var alone = room.configuration
        alone.digest.maximumListed = 1
        guard let candidate = try await room.queue.nextCandidate(alone, now: room.clock.now()) else { return nil }
        return try await room.queue.begin(
            ComposedMessage(text: "words", links: [], reference: "ref-x"),
            for: candidate,
            in: Conversation(id: "c", lastMessage: nil),
            maximumSends: 3,
            policy: policy,
            now: room.clock.now()
        )
    }

    private func pending(_ room: WaitingRoom) async throws -> Int {
        try await room.ledger.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM calling_off") ?? 0 }
    }

    @Test func `a recipient who is suppressed is told nothing more, and their jobs follow in batches`() async throws {
        let (room, policy) = try await room()
        let owner = WaitingRoom.owner(0)
        try await room.add(Array(repeating: owner, count: 400), waitingFor: nil)
        let applied: Applied = try await room.ledger.suppressions.suppress(
            owner,
            .ownerStopped,
            now: room.clock.now()
        )
        #expect(applied.outcomes.count == LedgerTransaction.batch && applied.isUnfinished)
        // A word to start says nothing about what was called off before.
        try await room.ledger.suppressions.lift(owner, ifReason: .ownerStopped)
        let begun = try #require(try await begin(room, policy))
        #expect(begun.0 == nil && begun.1.outcomes.map(\.reason) == [.ownerStopped])
        #expect(try await room.queue.nextWaking() == 0, "whoever starts anew goes on with it")
        try await room.pass(1)
        #expect(try await room.jobs(in: .dropped).map(\.reason) == Array(repeating: .ownerStopped, count: 400))
        #expect(try await pending(room) == 0)
        try await room.add([owner], waitingFor: nil)
        #expect(try await begin(room, policy)?.0 != nil, "what is written later is told")
    }

    @Test func `a command that suppresses waits for the last batch`() async throws {
        let (room, _) = try await room()
        let owner = WaitingRoom.owner(0)
        try await room.add(Array(repeating: owner, count: 400))
        let count: Int = try await room.ledger.suppressions.suppress(
            owner,
            reason: .operatorDecision,
            now: room.clock.now()
        )
        #expect(count == 400)
        #expect(try await pending(room) == 0)
    }

    @Test(arguments: [Reason.authorBurst, .authorInactive])
    func `nothing of an author who is called off leaves, and their requests follow in batches`(reason: Reason)
        async throws
    {
        let (room, policy) = try await room()
        try await room.add(WaitingRoom.owners(0..<400), waitingFor: nil)
        let item: IntakeItem =
            reason == .authorBurst
            ? .authorBurst(World.author, Burst(number: 60, at: room.clock.now()))
            : .authorInactive(World.author, witnessed: 0)
        let result = try await room.queue.store(World.batch([]), [item, item], now: room.clock.now())
        #expect(result.applied.outcomes.count == LedgerTransaction.batch && result.applied.isUnfinished)
        // Written after it.
        try await room.add([WaitingRoom.owner(1000)], waitingFor: nil)
        let begun = try #require(try await begin(room, policy))
        #expect(begun.0 == nil && begun.1.outcomes.map(\.reason) == [reason])
        try await room.pass(1)
        #expect(try await room.jobs(in: .dropped).map(\.reason) == Array(repeating: reason, count: 400))
        #expect(try await pending(room) == 0)
        #expect(try await begin(room, policy)?.0 != nil)
    }

    @Test func `what is forgotten takes everything with it, a few hundred rows at a time`() async throws {
        let directory = try TemporaryDirectory()
        let now: UnixTime = 1_790_000_000
        try await GrownLedger.fill(directory.path, .init(finished: 2_000, each: 50), now: now)
        let grown = try GrownLedger(in: directory.path, now: now)
        // One of them has a long story.
        try await grown.database.write { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1200)
                    INSERT INTO attempt (request, at, phase, outcome)
                        SELECT (SELECT min(id) FROM request), 0, 'project', 'retry' FROM number
                    """
            )
        }
        var most = 0
        var changes = try await grown.database.read(\.totalChangesCount)
        while try await grown.queue.prune(before: now - 45 * 86_400) > 0 {
            let after = try await grown.database.read(\.totalChangesCount)
            (most, changes) = (max(most, after - changes), after)
        }
        #expect(most <= 1000)
        let left = try await grown.database.read { database in
            try ["request", "job", "sighting", "attempt"].map { table in
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
            }
        }
        #expect(left == [1_150, 1_000, 1_150, 1_150])
        let orphans = try await grown.database.read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT (SELECT count(*) FROM message WHERE id NOT IN (SELECT message FROM job WHERE message IS NOT NULL))
                        + (SELECT count(*) FROM conversation WHERE owner NOT IN (SELECT owner FROM message))
                        + (SELECT count(*) FROM sighting WHERE uri NOT IN (SELECT uri FROM request))
                    """
            )
        }
        #expect(orphans == 0)
        let counted = try await grown.ledger.desk.counts().values.reduce(0, +)
        #expect(counted == 1_150)
    }
}
