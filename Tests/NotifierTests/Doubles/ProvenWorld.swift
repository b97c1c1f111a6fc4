import ATProtocol
import Firehose
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// A pipeline that lets authors' repositories prove what the stream tells: the sandbox's PDS and directory over real
/// HTTP, a scripted stream and a scripted chat.
struct ProvenWorld {
    static let collection = "com.example.change.request"

    let network: SandboxNetwork
    let author: SandboxAccount
    let owner: SandboxAccount
    let clock: ManualClock
    let chat = ScriptedChat(account: World.sender)
    let directory: TemporaryDirectory
    let identities: IdentityResolver
    let http: CurlHTTPClient
    var configuration: NotifierConfiguration

    init() async throws {
        directory = try TemporaryDirectory()
        var options = SandboxOptions()
        options.signsCommits = true
        network = try await SandboxNetwork.start(options)
        author = try network.createAccount(handle: "grace.test")
        owner = try network.createAccount(handle: "owner.test")
        try network.createRecord(
            by: owner,
            collection: "com.example.project",
            record: ["name": "Engine"],
            key: "p1"
        )
        clock = ManualClock(network.clock.now() + 1)
        http = CurlHTTPClient.loopback()
        identities = IdentityResolver(
            configuration: IdentityConfiguration(directory: network.plcURL, allowsLoopback: true),
            client: http,
            clock: clock
        )
        configuration = try World.configuration()
        configuration.lookup.allowsLoopback = true
        configuration.lookup.appView = network.appViewURL
        configuration.lookup.provesBeforeSending = true
    }

    func record(_ title: String) -> JSONValue {
        [
            "$type": .string(Self.collection), "title": .string(title),
            "subject": .string("at://\(owner.did)/com.example.project/p1"),
        ]
    }

    /// Commits a change request.
    func write(_ title: String, key: String? = nil) throws -> ATURI {
        try network.createRecord(by: author, collection: Self.collection, record: record(title), key: key)
    }

    /// What a stream tells of a record; its content is taken for granted by nobody.
    func event(_ uri: ATURI, _ title: String, told: String? = nil, rev: TID? = nil) throws -> StreamEvent {
        let key = try #require(uri.recordKey)
        let rev = try rev ?? TID(key.text)
        return StreamEvent(
            position: StreamPosition(
                host: "stream.test",
                wire: .jetstream2,
                value: Int64(rev.microseconds),
                witnessed: clock.now().microseconds
            ),
            did: author.did,
            body: .commit(
                .init(
                    operation: .create,
                    collection: try NSID(Self.collection),
                    recordKey: key,
                    rev: rev.text,
                    cid: CID(of: try record(title).dagCBOR()).text,
                    record: record(told ?? title)
                )
            )
        )
    }

    /// The event, as if the key that signed its commit could not be had.
    func unproven(_ event: StreamEvent) -> StreamEvent {
        guard case .commit(var commit) = event.body else { return event }
        commit.awaitsProof = true
        return StreamEvent(position: event.position, did: event.did, body: .commit(commit))
    }

    /// The event that tells of the end of its record.
    func deletion(_ event: StreamEvent) -> StreamEvent {
        guard case .commit(var commit) = event.body else { return event }
        (commit.operation, commit.cid, commit.record) = (.delete, nil, nil)
        return StreamEvent(position: event.position, did: event.did, body: .commit(commit))
    }

    /// A record that nobody wrote, told of as if at a time in microseconds after now.
    func forgery(_ title: String = "Forged", after: Int64 = 0) throws -> StreamEvent {
        let key = TID(microseconds: UInt64(clock.now().microseconds + after), clock: 3)
        return try event(ATURI(author.did, NSID(Self.collection), RecordKey(key.text)), title)
    }

    /// Runs a pipeline over events until it stands as the test wants it.
    func run(_ events: [StreamEvent], until isDone: @escaping @Sendable ([Job]) -> Bool) async throws {
        let ledger = try await World.ledger(in: directory)
        try await ledger.letNetworkAgree()
        let batchQueue = BatchQueue()
        for event in events { #expect(batchQueue.offer(World.batch(event))) }
        let pipeline = Pipeline(
            configuration: configuration,
            ledger: ledger,
            session: chat,
            identities: identities,
            http: http,
            batchQueue: batchQueue,
            wallClock: clock,
            logger: .silent
        )
        let running = Task { try await pipeline.run() }
        let isReached = try await ledger.stands { ledger in
            let jobs = try await ledger.desk.jobs()
            return !jobs.isEmpty && isDone(jobs)
        }
        #expect(isReached, "the jobs did not come to rest")
        await pipeline.drain()
        try await running.value
    }

    /// Runs until every job stands in this state for this reason.
    func run(_ events: StreamEvent..., reaching state: JobState, _ reason: Reason? = nil) async throws {
        try await run(events) { jobs in jobs.allSatisfy { $0.state == state && $0.reason == reason } }
    }

    /// How often the author's PDS was asked for a proof.
    var proofRequests: Int { network.journal.entries(matching: "com.atproto.sync.getRecord").count }
}
