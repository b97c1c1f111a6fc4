import ATProtocol
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(1))) struct `Verification beside the reader` {
    private func message(_ bytes: [UInt8]) -> VerificationQueue.Message {
        VerificationQueue.Message(
            host: "relay.test",
            bytes: bytes,
            isWanted: false,
            now: UnixTime(microseconds: SignedCommit.start)
        )
    }

    @Test func `a full queue counts and never waits, and what comes behind is told from what follows`() async {
        let queue = VerificationQueue(capacity: 100)
        for _ in 0..<5 { queue.offer(message(Array(repeating: 0, count: 30))) }
        // Once something is lost, nothing more is taken before the loss is known.
        queue.offer(message([1]))
        let intake = await queue.next()
        #expect(intake?.messages.count == 3 && intake?.lost == 3)
        queue.interrupt()
        #expect(await queue.next()?.isInterrupted == true)
    }

    @Test func `a cancelled reader of the queue gets nothing`() async {
        let queue = VerificationQueue()
        let waiting = Task { await queue.next() == nil }
        waiting.cancel()
        #expect(await waiting.value)
    }

    @Test func `a damaged message that nobody wanted is put aside with its bytes`() async throws {
        guard let recorded = try RelayRecording.messages().first else { return }
        var damaged = recorded
        damaged[recorded.count / 2] ^= 1
        let mailbox = StreamMailbox()
        let verifier = CommitVerifier(
            identities: FixedIdentities(),
            quarantine: mailbox,
            clock: SystemClock(),
            logger: .silent
        )
        let running = Task { await verifier.run() }
        verifier.queue.offer(message(damaged))
        let batch = await mailbox.next()
        #expect(batch?.rejected.map(\.bytes) == [damaged] && batch?.position == nil)
        running.cancel()
        await running.value
    }

    @Test func `a commit that the relay leaves out is noticed at the author's next, over a real connection`()
        async throws
    {
        var options = SandboxOptions()
        options.signsCommits = true
        let network = try await SandboxNetwork.start(options)
        let author = try network.createAccount(handle: "author.test")
        let recorder = LogRecorder()
        let positions = MemoryPositions()
        let mailbox = StreamMailbox()
        var configuration = StreamConfiguration(
            hosts: [network.streamURL(.relay)],
            collections: [try CollectionPattern("sh.tangled.repo.pull")],
            allowsLoopback: true
        )
        configuration.verification = .all
        configuration.positionInterval = .milliseconds(50)
        let client = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: true))
        let identity = IdentityConfiguration(directory: network.plcURL, allowsLoopback: true)
        let follower = StreamFollower(
            configuration: configuration,
            positions: positions,
            mailbox: mailbox,
            identities: IdentityResolver(configuration: identity, client: client),
            logger: recorder.logger
        )
        func write(_ title: String) throws {
            try network.createRecord(by: author, collection: "sh.tangled.repo.pull", record: ["title": .string(title)])
        }
        let following = Task { try await follower.run() }
        while network.streamHosts[0].subscriberCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try write("first")
        await positions.take(from: mailbox) { $0.created.count >= 1 }
        network.streamHosts[0].turnDeaf()
        try write("unheard")
        network.streamHosts[0].hear()
        try write("third")
        await positions.take(from: mailbox) { $0.created.count >= 2 }
        let deadline = ContinuousClock.now + .seconds(20)
        while recorder.count("repository desynchronized", .warning) == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
        let line = recorder.lines.first { $0.message == "repository desynchronized" }
        #expect(line?.metadata["did"] == author.did.text && line?.metadata["reason"] == "since")
        // A break holds nothing back.
        #expect(positions.created.count == 2 && positions.rejected.isEmpty)
        following.cancel()
        try await following.value
    }
}
