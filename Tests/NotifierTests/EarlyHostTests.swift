import ATProtocol
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose
@testable import LedgerStorage
@testable import Notifier

/// A Jetstream begins with the segment that it is writing: up to an hour before the time that it was asked for.
@Suite(.timeLimit(.minutes(1))) struct `A host that begins early` {
    @Test(arguments: [SandboxWire.jetstream2, .jetstream1])
    func `has nothing told at a first start that is older than the margin`(wire: SandboxWire) async throws {
        let network = try await SandboxNetwork.start()
        let (author, owner) = (
            try network.createAccount(handle: "grace.test"), try network.createAccount(handle: "owner.test")
        )
        let project = try network.createRecord(
            by: owner,
            collection: "com.example.project",
            record: ["name": "Engine"],
            key: "engine"
        )
        func ask(_ title: String) throws -> ATURI {
            try network.createRecord(
                by: author,
                collection: "com.example.change.request",
                record: ["title": .string(title), "subject": .string(project.text)]
            )
        }
        let old = try ask("Written fifty minutes before")
        network.clock.advance(by: .seconds(3000))
        let host = network.streamHosts[0]
        host.beginEarly(by: .seconds(3600))

        let directory = try TemporaryDirectory()
        let ledger = try await Ledger.open(directory: directory.path, access: .daemon)
        let configuration = try World.configuration()
        var stream = StreamConfiguration(
            hosts: [host.url(wire)],
            collections: configuration.rules.flatMap(\.collections),
            allowsLoopback: true
        )
        stream.coalesce = .zero
        let followed = try await ledger.stream.follow(
            configuration.rules,
            margin: stream.initialMargin,
            now: network.clock.now()
        )
        let http = CurlHTTPClient.loopback()
        let context = DeliveryContext.silent(configuration, http: http, wallClock: network.clock, logger: .silent)
        let intake = Intake(context, queue: ledger.queue(Timetable()), bursts: [:], followed: followed) { _ in }
        let batchQueue = BatchQueue()
        let follower = StreamFollower(
            configuration: stream,
            positions: ledger.stream,
            batchQueue: batchQueue,
            identities: FixedIdentities(),
            transport: WebSocketTransport(configuration: stream, logger: .silent),
            clock: network.clock,
            sleeper: HurriedClock(),
            generator: SystemRandomNumberGenerator(),
            logger: .silent
        )
        let following = Task { try await follower.run() }
        let new = try ask("Written now")
        while try await !ledger.stream.knows(new), let batch = await batchQueue.next() {
            _ = try await intake.take(batch)
        }
        following.cancel()
        _ = await following.result
        network.stop()

        #expect(try await ledger.desk.jobs(about: new).map(\.state) == [.lookup])
        // It was delivered, and is known for what it is.
        let early = try await ledger.desk.jobs(about: old)
        #expect(early.map(\.state) == [.dropped] && early.first?.reason != nil)
    }
}
