import ATProtocol
import Firehose
import Logging
import Network
import Sandbox
import Testing

// The examples of the library's documentation, as a stranger would write them.

func readPosts(of host: WebURL, from positions: any PositionStore, isLocal: Bool = false) async throws {
    let posts = try CollectionPattern("app.bsky.feed.post")
    var configuration = StreamConfiguration(hosts: [host], collections: [posts], allowsLoopback: isLocal)
    configuration.userAgent = "example/1.0 (+https://example.org)"
    try await StreamFollower.follow(configuration, from: positions, logger: Logger(label: "example")) { batch in
        for event in batch.events { print(event.did, event.recordURI?.text ?? "") }
    }
}

actor KeptPositions: PositionStore {
    private var kept: [StoredPosition] = []

    func positions() -> [StoredPosition] { kept }

    func keep(_ new: StoredPosition) {
        kept.removeAll { $0.position.host == new.position.host && $0.position.wire == new.position.wire }
        kept.append(new)
    }
}

func readOn(_ configuration: StreamConfiguration, from positions: KeptPositions) async throws {
    try await StreamFollower.follow(configuration, from: positions, logger: Logger(label: "example")) { batch in
        for event in batch.events { print(event) }
        if let position = batch.position { await positions.keep(position) }
    }
}

func tellGaps(_ configuration: StreamConfiguration, from positions: any PositionStore) async throws {
    try await StreamFollower.follow(configuration, from: positions, logger: Logger(label: "example")) { batch in
        guard let gap = batch.gap else { return }
        let (from, until) = (UnixTime(microseconds: gap.from), UnixTime(microseconds: gap.until))
        print("\(gap.host) may lack what came from \(from) until \(until): \(gap.reason.rawValue)")
    }
}

@Suite(.timeLimit(.minutes(1))) struct `The examples of the stream library` {
    /// A network with one author, and a stream of it that is followed for posts.
    private func world() async throws -> (SandboxNetwork, SandboxAccount, StreamConfiguration) {
        let network = try await SandboxNetwork.start()
        var configuration = StreamConfiguration(
            hosts: [network.streamURL(.jetstream2)],
            collections: [try CollectionPattern("app.bsky.feed.post")],
            allowsLoopback: true
        )
        configuration.positionInterval = .milliseconds(50)
        return (network, try network.createAccount(handle: "author.test"), configuration)
    }

    /// Runs an example beside what happens to it, and ends it.
    private func during(
        _ example: @escaping @Sendable () async throws -> Void,
        in network: SandboxNetwork,
        _ events: () async throws -> Void
    ) async throws {
        let requests = network.journal.stream()
        let running = Task { try await example() }
        for await entry in requests where entry.request.server.hasPrefix("stream") && entry.status == 101 { break }
        try await events()
        running.cancel()
        try await running.value
    }

    @Test func `follow until they are cancelled`() async throws {
        let (network, _, configuration) = try await world()
        let (host, positions) = (network.streamURL(.jetstream2), KeptPositions())
        try await during({ try await readPosts(of: host, from: positions, isLocal: true) }, in: network) {}
        try await during({ try await tellGaps(configuration, from: positions) }, in: network) {}
    }

    @Test func `keep a position, and go on from it`() async throws {
        let (network, author, configuration) = try await world()
        let positions = KeptPositions()
        var last: Int64 = 0
        for number in 1...2 {
            try await during({ try await readOn(configuration, from: positions) }, in: network) {
                let record: JSONValue = ["text": .string("post \(number)")]
                _ = try network.createRecord(by: author, collection: "app.bsky.feed.post", record: record)
                while await positions.positions().first?.position.value ?? 0 <= last { await Task.yield() }
            }
            last = await positions.positions().first?.position.value ?? 0
        }
        #expect(await positions.positions().count == 1)
    }

    @Test func `end with the failure of the follower, and with that of the closure`() async throws {
        let (_, _, configuration) = try await world()
        let far = try WebURL("ws://stream.example/")
        let failure = await #expect(throws: FirehoseError.self) {
            try await readPosts(of: far, from: KeptPositions())
        }
        #expect(failure?.code == .configuration)
        await #expect(throws: CancellationError.self) {
            try await StreamFollower.follow(
                configuration,
                from: KeptPositions(),
                logger: Logger(label: "example")
            ) { _ in throw CancellationError() }
        }
    }
}
