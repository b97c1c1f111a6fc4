import ATProtocol
import Network
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import Backfill
@testable import Firehose
@testable import LedgerStorage
@testable import Notifier

/// Reader, intake, ledger and sweep over the sockets of a sandbox whose stream hosts fail in every way that they can.
///
/// Waits are a hundredth of their length; everything else is as in the daemon. A life ends by being dropped where it
/// stands: what the queue holds is lost, as by `kill -9`.
final class StreamCampaign: Sendable {
    private struct State {
        var generator: SeededGenerator
        var faults: [StreamFaultKind: Int] = [:]
        var written: [String] = []
        var matched = 0
        var lives = 0
    }

    let network: SandboxNetwork
    let ledger: Ledger
    let log = LogRecorder()
    private let directory: TemporaryDirectory
    private let authors: [SandboxAccount]
    private let project: String
    private let http = CurlHTTPClient.loopback()
    private let identities: IdentityResolver
    private let configuration: NotifierConfiguration
    private let state: Mutex<State>
    private static let maximumMessage = 16_384

    init(seed: UInt64) async throws {
        var options = SandboxOptions()
        options.streamHosts = SandboxWire.allCases.count
        options.signsCommits = true
        options.tracerInterval = .milliseconds(5)
        let network = try await SandboxNetwork.start(options)
        authors = try (0..<24).map { try network.createAccount(handle: "author-\($0).test") }
        project = try network.createRecord(
            by: authors[0],
            collection: "com.example.project",
            record: ["name": "Engine"],
            key: "engine"
        ).text
        directory = try TemporaryDirectory()
        ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let identity = IdentityConfiguration(directory: network.plcURL, allowsLoopback: true)
        identities = IdentityResolver(configuration: identity, client: http)
        configuration = try World.configuration()
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
        self.network = network
        for call in ["listRecords", "listReposByCollection"] {
            network.faults.campaign([.dropBefore, .plainText, .html404, .truncated], on: call, share: 0.02, seed: seed)
        }
    }

    var faults: [StreamFaultKind: Int] { state.withLock(\.faults) }
    var written: [String] { state.withLock(\.written) }
    /// Requests that became jobs, over all lives.
    var matched: Int { state.withLock(\.matched) }
    var lives: Int { state.withLock(\.lives) }

    /// Lives until so many faults have struck, then once more in peace until nothing is missing or open.
    func run(faults target: Int) async throws {
        while faults.values.reduce(0, +) < target {
            try pass()
            try await live { batches in
                for _ in 0..<(state.withLock { Int.random(in: 2...16, using: &$0.generator) }) {
                    try strike()
                    try write()
                    for _ in 0..<2 { await next(batches) }
                }
            }
        }
        network.faults.clear()
        for host in network.streamHosts {
            host.use(.whole)
            host.catchUp()
            host.mendIndex()
        }
        for author in authors { network.reconnect(author) }
        try write()
        let deadline = ContinuousClock.now + .seconds(600 + target / 10)
        // A life that ends may leave a gap that was declared behind the last look.
        while try await !isOver(), ContinuousClock.now < deadline {
            try await live { batches in
                while try await !isOver(), ContinuousClock.now < deadline, await next(batches) {}
            }
        }
    }

    private func isOver() async throws -> Bool {
        // In this order: to list thousands of jobs is work that keeps the sweep from its own.
        guard try await ledger.stream.openGaps().isEmpty else { return false }
        return try await Set(ledger.desk.jobs(limit: .max).map(\.uri.text)).isSuperset(of: written)
    }

    /// Waits for the next batch; false when there is none any more, or none comes within the patience of a campaign.
    @discardableResult private func next(_ batches: AsyncStream<Void>) async -> Bool {
        await withTaskGroup(of: Bool?.self) { group in
            group.addTask {
                for await _ in batches { return true }
                return false
            }
            group.addTask { (try? await Task.sleep(for: .seconds(180))).map { nil } ?? false }
            defer { group.cancelAll() }
            if let isThere = await group.next() ?? false { return isThere }
            let lines = log.lines.suffix(40).map { "\($0.message) \($0.metadata)" }
            Issue.record("no batch for 180 s:\n\(lines.joined(separator: "\n"))")
            return false
        }
    }

    // MARK: A life

    /// One life of the daemon, for as long as the body runs, which is told of each stored batch.
    private func live(_ body: (AsyncStream<Void>) async throws -> Void) async throws {
        let batchQueue = BatchQueue(capacity: 64)
        let context = DeliveryContext.silent(configuration, http: http, wallClock: network.clock, logger: log.logger)
        let intake = Intake(context, queue: ledger.queue(Timetable()), bursts: [:]) { _ in }
        let stream = try streamConfiguration()
        let follower = StreamFollower(
            configuration: stream,
            positions: ledger.stream,
            batchQueue: batchQueue,
            identities: identities,
            transport: WebSocketTransport(configuration: stream, logger: .silent),
            clock: network.clock,
            sleeper: HurriedClock(),
            generator: SystemRandomNumberGenerator(),
            logger: log.logger
        )
        let keeper = GapBackfiller(
            backfill: backfill(stream),
            store: ledger.stream,
            hosts: follower.hosts,
            batchQueue: follower.entrance,
            interval: .milliseconds(50),
            logger: log.logger
        )
        let (stored, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follower.run() }
            group.addTask { await keeper.run() }
            group.addTask {
                defer { continuation.finish() }
                while let batch = await batchQueue.next() {
                    _ = try await Task { () async throws(LedgerError) in try await intake.take(batch) }.value
                    continuation.yield()
                }
            }
            try await body(stored)
            group.cancelAll()
        }
        state.withLock {
            $0.matched += context.reporter.sinceStart.matched
            $0.lives += 1
        }
    }

    /// The hosts in any order, one or two of them at a time.
    private func streamConfiguration() throws -> StreamConfiguration {
        let collections = configuration.rules.flatMap(\.collections)
        var stream = StreamConfiguration(hosts: [], collections: collections, allowsLoopback: true)
        let hosts = zip(network.streamHosts, SandboxWire.allCases).map { StreamSource($0.url($1)) }
        (stream.hosts, stream.parallelHosts) = state.withLock {
            (hosts.shuffled(using: &$0.generator), Int.random(in: 1...2, using: &$0.generator))
        }
        stream.positionInterval = .milliseconds(20)
        stream.hostChangeMargin = .seconds(1)
        stream.missWindow = .seconds(1)
        stream.stallTimeout = .milliseconds(500)
        stream.overlapTimeout = .milliseconds(300)
        stream.maximumMessage = Self.maximumMessage
        stream.coalesce = .zero
        return stream
    }

    private func backfill(_ stream: StreamConfiguration) -> GapBackfill {
        var sweep = SweepConfiguration(
            directories: network.streamHosts.map(\.directory),
            collections: stream.collections,
            allowsLoopback: true
        )
        sweep.rate = 100_000
        sweep.settling = .milliseconds(200)
        return GapBackfill(
            configuration: sweep,
            client: http,
            identities: identities,
            clock: network.clock,
            steady: SystemClock(),
            logger: log.logger
        )
    }

    // MARK: What happens

    /// What the network does while the daemon is dead: requests that no host may have any more when it is back.
    private func pass() throws {
        for _ in 0..<(state.withLock { Int.random(in: 1...3, using: &$0.generator) }) { try write() }
        for (index, host) in network.streamHosts.enumerated() {
            state.withLock { state in
                let kinds: [StreamFaultKind?] = [.forgottenPositions, .forgottenPositions, .issuedAnew, nil]
                guard let kind = kinds.randomElement(using: &state.generator) ?? nil else { return }
                if kind == .forgottenPositions { host.forget(allBut: 0) }
                kind.strike(host, Self.name(index), network, &state.generator)
                state.faults[kind, default: 0] += 1
            }
        }
    }

    private static func name(_ index: Int) -> String { index == 0 ? "stream" : "stream\(index + 1)" }

    private func strike() throws {
        let (kind, index, pick) = state.withLock { state in
            let kind = StreamFaultKind.allCases.randomElement(using: &state.generator) ?? .drop
            let connected = network.streamHosts.indices.filter { network.streamHosts[$0].subscriberCount > 0 }
            let all = Array(network.streamHosts.indices)
            return (
                kind, (connected.isEmpty ? all : connected).randomElement(using: &state.generator) ?? 0,
                !connected.isEmpty || !kind.needsSubscriber
            )
        }
        guard pick else { return }
        if kind == .oversizeMessage { try write(padding: Self.maximumMessage) }
        if kind == .absentRepository {
            let (author, isBack) = state.withLock { state in
                (
                    authors[Int.random(in: 1..<authors.count, using: &state.generator)],
                    Bool.random(using: &state.generator)
                )
            }
            if isBack { network.reconnect(author) } else { network.disconnect(author) }
        }
        state.withLock { state in
            kind.strike(network.streamHosts[index], Self.name(index), network, &state.generator)
            state.faults[kind, default: 0] += 1
        }
    }

    private func write(padding: Int = 0) throws {
        let number = written.count
        let author = authors[1 + number % (authors.count - 1)]
        let record: JSONValue = [
            "title": .string("Request \(number)"), "subject": .string(project),
            "text": .string(String(repeating: "x", count: padding)),
        ]
        let uri = try network.createRecord(by: author, collection: "com.example.change.request", record: record)
        state.withLock { $0.written.append(uri.text) }
    }
}
