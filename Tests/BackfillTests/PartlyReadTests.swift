import ATProtocol
import Firehose
import Network
import TestSupport
import Testing

@testable import Backfill

/// Repositories with more records than a sweep reads at once.
extension `Gap sweeps` {
    /// Reads in passes until all is read; what each pass has found, and how often it was read in part.
    private func passes(_ sweep: GapBackfill, atMost limit: Int) async throws -> (found: [[String]], parts: Int) {
        var (found, parts, places) = ([[String]](), 0, [SweepPair: String]())
        for _ in 0..<limit {
            let (report, keys) = await run(sweep, places: places)
            found.append(keys)
            #expect(report.checked == 1 && report.found == keys.count)
            guard !report.isComplete else { break }
            #expect(report.failures.map(\.isPart) == [true] && report.isAllThatCanBeHad, "\(report.failures)")
            #expect(!report.lacksMuch, "the newest is known")
            #expect(report.failures.first?.detail.contains("is read back to 2026-07-04T14:3") == true)
            (places, parts) = (report.places, parts + 1)
        }
        return (found, parts)
    }

    @Test func `more pages than are read at once are read in part, newest first, which is said, and gone on with`()
        async throws
    {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        let records = (0..<103).map { record("did:web:a.test", key(1_000_000 - Int64($0))) }
        author("a", pages: records.map { [$0] })
        let (found, parts) = try await passes(sweep, atMost: 3)
        #expect(found.map(\.count) == [100, 3] && parts == 1)
        #expect(found[0].min() == "at://did:web:a.test/sh.tangled.repo.pull/\(key(1_000_000 - 99))")
        #expect(client.requests.count { $0.url.description.contains("listRecords") } == 103, "nothing is read twice")
    }

    @Test func `more bytes than are kept of an author are read in part, and gone on with`() async throws {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        let records = (0..<6).map { record("did:web:a.test", key(1_000_000 - Int64($0))) }
        author("a", pages: [Array(records[..<2]), Array(records[2..<4]), Array(records[4...])])
        let sweep = try Self.sweep(["sh.tangled.repo.pull"], client, log, maximumAnswer: 100)
        let (found, parts) = try await passes(sweep, atMost: 5)
        #expect(found.map(\.count) == [2, 2, 2] && parts == 2)
    }

    @Test func `what was read before an answer did not come is taken, and the next pass goes on there`() async throws {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        author("a", pages: [[record("did:web:a.test", key(9))], [record("did:web:a.test", key(8))]])
        let second =
            "https://pds.test/xrpc/com.atproto.repo.listRecords?repo=did%3Aweb%3Aa.test"
            + "&collection=sh.tangled.repo.pull&limit=25&cursor=1"
        answer(second, "", status: 503)
        let author = try pair("a")
        let (report, found) = await run()
        #expect(found.count == 1 && report.places == [author: "1"])
        #expect(report.failures.map(\.isPart) == [true] && !report.isAllThatCanBeHad, "it may answer yet")
        answer(second, #"{"records":[\#(record("did:web:a.test", key(8)))]}"#)
        client.forget()
        let (rest, others) = await run(places: report.places)
        #expect(rest.isComplete && others == ["at://did:web:a.test/sh.tangled.repo.pull/\(key(8))"])
        #expect(client.requests.count { $0.url.description.contains("listRecords") } == 1)
    }

    @Test func `a place that the server no longer knows is forgotten`() async throws {
        answer(Self.list, #"{"repos":[{"did":"did:web:a.test"}]}"#)
        author("a", pages: [[record("did:web:a.test", key(9))]])
        let author = try pair("a")
        let (report, _) = await run(places: [author: "gone"])
        #expect(!report.isComplete && report.places.isEmpty)
        #expect(await run().report.isComplete)
    }

    @Test func `who was read in part is said beside who did not answer, and hides nobody who did not`() throws {
        let (large, silent) = (try pair("large"), try pair("silent"))
        func failure(_ pair: SweepPair, _ words: String, isPart: Bool) -> SweepReport.Failure {
            SweepReport.Failure(
                SweepError(words, isLasting: isPart),
                did: pair.author,
                pair.collection,
                isPart: isPart
            )
        }
        var report = SweepReport()
        (report.authors, report.checked) = (3, 2)
        report.failures = [failure(silent, "no answer", isPart: false), failure(large, "too much", isPart: true)]
        let example = try #require(report.example)
        #expect(
            report.unanswered(example)
                == "2 of 3 authors did not answer (1 in part), for example did:web:large.test: too much"
        )
        #expect(!report.lacksMuch && !report.isAllThatCanBeHad && !report.lacksOnlyTheUnreachable)
        report.failures.append(failure(try pair("other"), "no answer", isPart: false))
        #expect(report.lacksMuch)
    }
}
