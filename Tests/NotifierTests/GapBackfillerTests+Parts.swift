import ATProtocol
import Logging
import Network
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import Backfill
@testable import Firehose
@testable import LedgerStorage
@testable import Notifier

/// Gaps of one account, repositories that are read in part, and what does not count as given up.
extension `Gaps are swept in rounds` {
    @Test func `of a repository that is another now its author alone is asked, in one gap that grows`() async throws {
        world.state.withLock { $0.authors = [author(0), author(1)] }
        let (known, queue, wall) = (try DID(author(0)), ledger.queue(Timetable()), wall)
        let (collection, key, now) = (try NSID(Self.collection), try RecordKey(Self.key()), Self.start.microseconds)
        let commit = StreamEvent.Commit(
            operation: .create,
            collection: collection,
            recordKey: key,
            rev: "3kaaaaaaaaa2a",
            cid: "bafy",
            record: [:]
        )
        let position = StreamPosition(host: "h", wire: .relay, value: 1, witnessed: now)
        let request = NewRequest(
            event: StreamEvent(position: position, did: known, body: .commit(commit)),
            commit: commit,
            uri: ATURI(known, collection, key),
            rule: "r",
            record: [:],
            references: [.account(known)],
            leftOut: 0,
            startsJob: true
        )
        func tell(_ items: [IntakeItem]) async throws {
            _ = try await queue.store(StreamBatch(), items, now: wall.now())
        }
        let replaced = IntakeItem.repositoryReplaced(known, witnessed: now)
        let stranger = IntakeItem.repositoryReplaced(try DID(author(1)), witnessed: now)
        try await tell([.request(request), replaced, stranger, replaced])
        #expect(try await ledger.stream.openGaps().map(\.gap.account) == [known])
        try await sweep { try await ledger.stream.openGaps().first?.sweptAt != nil }
        #expect(asked() == [author(0)] && client.requests.count == 1, "directories are of no use")
        // What was looked for ended before it is replaced once more.
        wall.advance(.seconds(4000))
        try await tell([replaced])
        client.forget()
        try await sweep { try await ledger.stream.openGaps().first?.sweptAt != nil }
        wall.advance(.seconds(4000))
        try await sweep { try await ledger.stream.openGaps().isEmpty }
        #expect(asked() == [author(0), author(0)])
        try await tell([replaced])
        try await ledger.stream.declare(gap(.operatorRequest), at: wall.now())
        try await sweep { try await ledger.stream.openGaps().allSatisfy { $0.sweptAt != nil } }
        #expect(asked().contains(author(1)), "beside another gap everybody is asked")
    }

    @Test func `a repository without an end is read pass by pass, and the gap is given up with that said`() async throws
    {
        world.state.withLock { state in
            state.authors = [author(0), author(1)]
            state.endless = [author(1)]
        }
        try await ledger.stream.declare(gap(), at: Self.start)
        let stored = try await sweep {
            steady.advance(.seconds(1800))
            return log.count("gap given up: some repositories were read only in part", .warning) > 0
        }
        let pages = asked().filter { $0 == author(1) }.count
        #expect(pages > 100 && pages % 100 == 0, "a hundred pages a pass")
        let found = stored.flatMap(\.events).compactMap(\.recordURI).filter { $0.did?.text == author(1) }
        #expect(found.count == pages && Set(found).count == pages, "each pass goes on where the last one ended")
        #expect(try await ledger.stream.openGaps().isEmpty)
        let cause = try #require(try await ledger.stream.givenUpGaps().first?.unanswered)
        let words = "1 of 2 authors did not answer (1 in part), for example \(author(1)): it has written more"
        #expect(cause.hasPrefix(words) && cause.contains("is read back to"), "\(cause)")
        let lines = log.metadata(of: "gap swept")
        #expect(lines.allSatisfy { $0["in_part"] == "1" && $0["failed"] == "1" } && lines.last?["next_s"] == nil)
    }

    @Test func `a gap that was covered or swept after all was not given up`() async throws {
        world.state.withLock { state in
            state.authors = [author(0)]
            state.silent = [author(0)]
        }
        try await ledger.stream.declare(gap(.operatorRequest), at: Self.start)
        try await sweep { log.count("gap swept") >= 1 }
        #expect(try await ledger.stream.openGaps().first?.wait != nil)
        world.state.withLock { $0.silent = [] }
        try await sweep {
            steady.advance(.seconds(60))
            return try await ledger.stream.openGaps().isEmpty
        }
        #expect(try await ledger.stream.givenUpGaps().isEmpty)
        try await ledger.stream.declare(gap(), at: Self.start)
        let open = try #require(try await ledger.stream.openGaps().first)
        let wait = SweepWait(unanswered: "one", nextAt: Self.start, patience: .seconds(1))
        try await ledger.stream.note(wait, waited: [open.id: .seconds(1)])
        var batch = StreamBatch()
        batch.sweep = .covered(open.id)
        _ = try await ledger.queue(Timetable()).store(batch, [], now: Self.start)
        #expect(try await ledger.stream.givenUpGaps().isEmpty)
    }
}
