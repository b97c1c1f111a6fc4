import ATProtocol
import Logging
import Network
import Sandbox
import TestSupport

@testable import Firehose

/// A sandbox network whose streams are followed, and what was handed over.
final class FollowedSandbox: Sendable {
    let network: SandboxNetwork
    let author: SandboxAccount
    let positions = MemoryPositions()
    let batchQueue: BatchQueue
    let log = LogRecorder()

    init(hosts: Int = 1, tracer: Duration? = nil, batchQueue: BatchQueue = BatchQueue()) async throws {
        var options = SandboxOptions()
        options.streamHosts = hosts
        // A relay's commit without its blocks is none.
        options.signsCommits = true
        options.tracerInterval = tracer
        network = try await SandboxNetwork.start(options)
        author = try network.createAccount(handle: "author.test")
        self.batchQueue = batchQueue
    }

    /// Follows these hosts with little patience.
    func configuration(_ hosts: WebURL...) throws -> StreamConfiguration {
        var configuration = StreamConfiguration(
            hosts: hosts,
            collections: [try CollectionPattern("sh.tangled.repo.pull")],
            allowsLoopback: true
        )
        configuration.positionInterval = .milliseconds(50)
        return configuration
    }

    func follower(_ configuration: StreamConfiguration) -> StreamFollower {
        let logger = log.logger
        let client = CurlHTTPClient.loopback()
        let identity = IdentityConfiguration(directory: network.plcURL, allowsLoopback: true)
        return StreamFollower(
            configuration: configuration,
            positions: positions,
            batchQueue: batchQueue,
            identities: IdentityResolver(configuration: identity, client: client),
            transport: WebSocketTransport(configuration: configuration, logger: logger),
            clock: network.clock,
            sleeper: HurriedClock(),
            generator: SystemRandomNumberGenerator(),
            logger: logger
        )
    }

    /// Follows while the body runs, which begins when so many hosts have taken a subscription: a relay that is
    /// connected to for the first time tells nothing of what was before.
    func following(
        _ configuration: StreamConfiguration,
        subscriptions: Int = 1,
        _ body: (StreamFollower) async throws -> Void
    ) async throws {
        let follower = follower(configuration)
        let requests = network.journal.stream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follower.run() }
            var accepted = 0
            for await entry in requests where entry.request.server.hasPrefix("stream") && entry.status == 101 {
                accepted += 1
                if accepted == subscriptions { break }
            }
            try await body(follower)
            group.cancelAll()
        }
    }

    /// Writes a change request and gives its AT-URI.
    @discardableResult
    func write(_ number: Int, padding: Int = 0) throws -> String {
        let record: JSONValue = [
            "title": .string("request \(number)"), "text": .string(String(repeating: "x", count: padding)),
        ]
        return try network.createRecord(by: author, collection: "sh.tangled.repo.pull", record: record).text
    }

    /// Takes what is handed over until everything of a list was created.
    func take(_ uris: [String]) async {
        await positions.take(from: batchQueue) { Set($0.created).isSuperset(of: uris) }
    }
}
