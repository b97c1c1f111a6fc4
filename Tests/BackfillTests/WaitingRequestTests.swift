import ATProtocol
import Firehose
import Network
import Synchronization
import TestSupport
import Testing

@testable import Backfill

/// What a sweep makes of requests that are known, and of which nobody was told yet.
@Suite struct `Requests that wait while a gap is swept` {
    private static let collection = "com.example.change.request"
    private static let author = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    private static let from: Int64 = 1_790_000_000_000_000
    private static let until = from + 3_600_000_000
    private static let list = "/xrpc/com.atproto.repo.listRecords"
    private static let one = "/xrpc/com.atproto.repo.getRecord"
    private static let absent = ScriptedClient.Answer.json(
        ["error": "RecordNotFound", "message": "Could not locate record"],
        status: 400
    )
    private let client = ScriptedClient()

    init() {
        client.script(
            "/xrpc/com.atproto.sync.listReposByCollection",
            [.json(["repos": [["did": .string(Self.author)]]])]
        )
        client.script(Self.list, [.json(["records": []])])
    }

    /// A request that was written so many seconds after the gap's beginning, as the ledger has it.
    private func request(_ seconds: Int64 = 60, cid: String? = "old") throws -> WaitingRequest {
        let time = UInt64(Self.from + seconds * 1_000_000)
        let key = TID(microseconds: time, clock: 1)
        let rev = TID(microseconds: time + 5, clock: 9)
        let uri = try ATURI("at://\(Self.author)/\(Self.collection)/\(key.text)")
        return WaitingRequest(uri: uri, cid: cid, rev: rev.text)
    }

    private func record(_ request: WaitingRequest, cid: String) -> JSONValue {
        [
            "uri": .string(request.uri.text), "cid": .string(cid),
            "value": ["$type": .string(Self.collection), "title": .string(cid)],
        ]
    }

    /// What a sweep hands over of requests that are all known.
    private func sweep(_ waiting: WaitingRequest...) async throws -> (report: SweepReport, events: [StreamEvent]) {
        var configuration = SweepConfiguration(
            directories: [try WebURL("https://relay.test")],
            collections: [try CollectionPattern(Self.collection)]
        )
        configuration.rate = 1_000_000
        let backfill = GapBackfill(
            configuration: configuration,
            client: client,
            identities: FixedIdentities(),
            clock: ManualClock(UnixTime(microseconds: Self.until)),
            sleeper: HurriedClock(),
            logger: .silent
        )
        let found = Mutex<[StreamEvent]>([])
        let report = await backfill.run(over: Self.from...Self.until, by: SweepKnowledge()) { _ in
            true
        } waiting: { [client] _ in
            // What is asked for later is no older than this.
            #expect(client.count(Self.list) == 0)
            return waiting
        } deliver: { _, events, _ in
            found.withLock { $0 += events }
        }
        return (report, found.withLock { $0 })
    }

    private func commit(_ event: StreamEvent?) throws -> StreamEvent.Commit {
        let commit: StreamEvent.Commit? = if case .commit(let commit)? = event?.body { commit } else { nil }
        return try #require(commit)
    }

    @Test func `that say something else in the list come as updates behind the version that is known`() async throws {
        let (changed, same) = (try request(), try request(70))
        client.script(Self.list, [.json(["records": [record(same, cid: "old"), record(changed, cid: "new")]])])
        let (report, events) = try await sweep(same, changed)
        #expect(report.isComplete && report.changed == 1 && report.known == 2, "\(report.failures)")
        #expect(events.map(\.recordURI) == [changed.uri])
        let update = try commit(events.first)
        #expect(update.operation == .update && update.cid == "new" && update.record?["title"]?.string == "new")
        #expect(try TID(changed.rev) < TID(update.rev))
        #expect(try TID(update.rev).microseconds == TID(changed.rev).microseconds + 1)
        #expect(client.count(Self.one) == 0)
    }

    @Test func `that the list lacks are asked for, and come as deletes when they are no more`() async throws {
        client.script(Self.one, [Self.absent])
        let gone = try request()
        let (report, events) = try await sweep(gone)
        #expect(report.isComplete && report.changed == 1, "\(report.failures)")
        let delete = try commit(events.first)
        #expect(events.map(\.recordURI) == [gone.uri] && delete.operation == .delete && delete.rev == gone.rev)
    }

    @Test func `that are older than the list goes back are asked for`() async throws {
        let older = try request(-20 * 86_400)
        client.script(Self.one, [.json(record(older, cid: "old")), .json(record(older, cid: "new"))])
        let (before, _) = try await sweep(older)
        #expect(before.isComplete && before.changed == 0)
        client.forget()
        let (report, events) = try await sweep(older)
        #expect(report.changed == 1 && events.map(\.recordURI) == [older.uri])
        #expect(try commit(events.first).operation == .update)
    }

    @Test(arguments: [
        ScriptedClient.Answer.json(["error": "InternalServerError"], status: 500), .json([:], status: 404),
        .json(["error": "InvalidRequest", "message": "Could not find repo"], status: 400),
    ]) func `that nobody can tell anything of leave the author unasked`(answer: ScriptedClient.Answer) async throws {
        client.script(Self.one, [answer])
        let (report, events) = try await sweep(try request())
        #expect(events.isEmpty && report.changed == 0)
        #expect(report.failures.map(\.did?.text) == [Self.author])
    }

    @Test func `stay as they are when the repository is gone, for that says nothing of them`() async throws {
        client.script(
            Self.list,
            [.json(["error": "InvalidRequest", "message": "Could not find repo: x"], status: 400)]
        )
        client.script(Self.one, [Self.absent])
        let (report, events) = try await sweep(try request())
        #expect(report.isComplete && events.isEmpty && client.count(Self.one) == 0)
    }

    @Test func `that were seen behind the gap are left to the stream, and those without a known version to it`()
        async throws
    {
        client.script(Self.one, [Self.absent])
        let unknown = try request(cid: nil)
        client.script(Self.list, [.json(["records": [record(unknown, cid: "new")]])])
        let (report, events) = try await sweep(try request(3601), unknown)
        #expect(report.isComplete && events.isEmpty && client.count(Self.one) == 0)
    }

    @Test func `that are missing in what was read of a large repository are not asked for before its rest is`()
        async throws
    {
        let (changed, missing) = (try request(), try request(70))
        client.script(Self.list, [.json(["records": [record(changed, cid: "new")], "cursor": "more"])])
        client.script(Self.one, [Self.absent])
        let (report, events) = try await sweep(missing, changed)
        #expect(report.failures.map(\.isPart) == [true] && report.changed == 1, "\(report.failures)")
        #expect(events.map(\.recordURI) == [changed.uri] && client.count(Self.one) == 0)
    }
}
