import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

@Suite(.timeLimit(.minutes(1))) struct `Following the sandbox's streams` {
    @Test(arguments: SandboxWire.allCases)
    func `a record that is written is handed over once with its position`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        let positions = sandbox.positions
        try await sandbox.following(sandbox.configuration(sandbox.network.streamURL(wire))) { _ in
            let uris = try (0..<20).map { try sandbox.write($0) }
            await positions.take(from: sandbox.batchQueue) { $0.created.count >= 20 }
            #expect(positions.created == uris && positions.gaps.isEmpty && positions.rejected.isEmpty)
            let stored = try #require(positions.stored.first)
            #expect(stored.position.value > 0 && !stored.evidence.isEmpty)
        }
    }

    @Test(arguments: SandboxWire.allCases)
    func `every kind of ending is followed by a resumption without loss`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        let faults: [StreamFault] = [
            .drop, .reset, .close(code: 1000, reason: ""), .close(code: 1001, reason: "bye"), .tooSlow,
            .tearNextFrame, .raw([0xFF, 0xFF]), .internalError, .dropAfter(0),
        ]
        var uris: [String] = []
        try await sandbox.following(sandbox.configuration(sandbox.network.streamURL(wire))) { _ in
            for (number, fault) in faults.enumerated() {
                uris.append(try sandbox.write(number))
                await sandbox.take(uris)
                sandbox.network.streamHosts[0].inflict(fault)
            }
            uris.append(try sandbox.write(99))
            await sandbox.take(uris)
        }
        #expect(Set(sandbox.positions.created) == Set(uris) && sandbox.positions.gaps.isEmpty)
    }

    @Test(arguments: SandboxWire.allCases)
    func `what was written while nobody listened is read at the next start`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        let configuration = try sandbox.configuration(sandbox.network.streamURL(wire))
        try await sandbox.following(configuration) { _ in await sandbox.take([try sandbox.write(1)]) }
        let missed = try (2..<50).map { try sandbox.write($0) }
        try await sandbox.following(configuration) { _ in await sandbox.take(missed) }
        #expect(sandbox.positions.gaps.isEmpty)
    }

    @Test(arguments: SandboxWire.allCases)
    func `who is taken down is told of at once, whatever the position's turn`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        var configuration = try sandbox.configuration(sandbox.network.streamURL(wire))
        try await sandbox.following(configuration) { _ in await sandbox.take([try sandbox.write(1)]) }
        configuration.positionInterval = .seconds(3600)
        try await sandbox.following(configuration) { _ in
            await sandbox.take([try sandbox.write(2)])
            sandbox.network.setStatus("takendown", of: sandbox.author)
            await sandbox.positions.take(from: sandbox.batchQueue) { positions in
                positions.events.contains { $0.body == .account(isActive: false, status: "takendown") }
            }
        }
    }

    @Test func `a position that the host has forgotten is a declared gap and reading goes on by time`() async throws {
        let sandbox = try await FollowedSandbox()
        let configuration = try sandbox.configuration(sandbox.network.streamURL(.jetstream2))
        try await sandbox.following(configuration) { _ in await sandbox.take([try sandbox.write(1)]) }
        for number in 2..<30 { try sandbox.write(number) }
        sandbox.network.streamHosts[0].forget(allBut: 3)
        try await sandbox.following(configuration) { _ in await sandbox.take([try sandbox.write(30)]) }
        #expect(sandbox.positions.gaps.map(\.reason).contains(.cursorTooOld))
    }

    @Test(arguments: [Int64(10), 1_000_003, 90_000_000])
    func `a sequence that starts anew is noticed, declared and read by time`(first: Int64) async throws {
        let sandbox = try await FollowedSandbox()
        var configuration = try sandbox.configuration(sandbox.network.streamURL(.jetstream2))
        try await sandbox.following(configuration) { _ in
            await sandbox.take(try (0..<10).map { try sandbox.write($0) })
        }
        sandbox.network.streamHosts[0].renumber(from: first)
        configuration.overlapTimeout = .seconds(1)
        try await sandbox.following(configuration) { _ in
            let last = try sandbox.write(30)
            await sandbox.positions.take(from: sandbox.batchQueue) { $0.created.contains(last) && !$0.gaps.isEmpty }
        }
        #expect(!sandbox.positions.gaps.isEmpty)
    }

    @Test(arguments: SandboxWire.allCases)
    func `a host that leaves out what it may, and shows imported times, is read and come back to without loss`(
        wire: SandboxWire
    ) async throws {
        let sandbox = try await FollowedSandbox()
        let host = sandbox.network.streamHosts[0]
        host.beTerse()
        host.importTimes(olderBy: .seconds(30 * 86_400))
        let configuration = try sandbox.configuration(host.url(wire))
        try await sandbox.following(configuration) { _ in
            host.skipSequences(0, before: sandbox.author.did, handle: sandbox.author.handle)
            await sandbox.take(try (0..<3).map { try sandbox.write($0) })
        }
        let missed = try (3..<6).map { try sandbox.write($0) }
        try await sandbox.following(configuration) { _ in await sandbox.take(missed) }
        let positions = sandbox.positions
        #expect(positions.gaps.isEmpty && positions.rejected.isEmpty)
        #expect(positions.events.contains { $0.body == .identity(handle: nil) })
        let now = sandbox.network.clock.now().microseconds
        #expect(positions.stored.allSatisfy { abs(now - $0.position.witnessed) < 600_000_000 })
        #expect(positions.events.allSatisfy { abs(now - $0.position.witnessed) < 600_000_000 })
    }

    @Test(arguments: SandboxWire.allCases)
    func `a repository that is another now is told of as each wire tells it`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        let positions = sandbox.positions
        try await sandbox.following(sandbox.configuration(sandbox.network.streamURL(wire))) { _ in
            await sandbox.take([try sandbox.write(0)])
            sandbox.network.disconnect(sandbox.author)
            let missed = try sandbox.write(1)
            try sandbox.network.replaceRepository(of: sandbox.author)
            await sandbox.take([try sandbox.write(2)])
            let isTold = positions.events.contains { if case .sync = $0.body { true } else { false } }
            #expect(isTold == (wire != .jetstream1))
            #expect(positions.created.contains(missed) == (wire == .jetstream2))
            #expect(positions.gaps.isEmpty && positions.rejected.isEmpty)
        }
    }

    @Test func `a relay that is asked for the future never sends its first event, which lies in the gap`() async throws
    {
        let sandbox = try await FollowedSandbox()
        let (network, positions) = (sandbox.network, sandbox.positions)
        let configuration = try sandbox.configuration(network.streamURL(.relay))
        try await sandbox.following(configuration) { _ in
            await sandbox.take(try (0..<3).map { try sandbox.write($0) })
        }
        network.streamHosts[0].renumber(from: 10)
        try await sandbox.following(configuration) { _ in
            let requests = network.journal.stream()
            let start = network.clock.now().microseconds
            for number in 3..<5 { try sandbox.write(number) }
            let end = network.clock.now().microseconds
            // It is left for its second event, which stands at a lower place than was asked for.
            for await entry in requests where entry.request.server == "stream" && entry.status == 101 { break }
            let last = try sandbox.write(5)
            await positions.take(from: sandbox.batchQueue) { $0.created.contains(last) && !$0.gaps.isEmpty }
            let gap = try #require(positions.gaps.first)
            #expect(gap.reason == .sequenceChanged && gap.from <= start && gap.until >= end)
        }
        #expect(positions.gaps.count == 1)
    }

    @Test func `another host takes over where one refuses`() async throws {
        let sandbox = try await FollowedSandbox(hosts: 2)
        let broken = try WebURL("ws://127.0.0.1:9/subscribe")
        let good = sandbox.network.streamHosts[1].url(.jetstream2)
        try await sandbox.following(sandbox.configuration(broken, good)) { _ in
            await sandbox.take([try sandbox.write(1)])
        }
        #expect(sandbox.positions.stored.contains { $0.position.host == good.authority })
    }

    @Test func `a relay that takes over begins with a declared gap that reaches to its first message`() async throws {
        let sandbox = try await FollowedSandbox(hosts: 2)
        let jetstream = try sandbox.configuration(sandbox.network.streamURL(.jetstream2))
        try await sandbox.following(jetstream) { _ in await sandbox.take([try sandbox.write(1)]) }
        let relay = try sandbox.configuration(sandbox.network.streamHosts[1].url(.relay))
        try await sandbox.following(relay) { _ in
            let before = sandbox.network.clock.now().microseconds
            await sandbox.take([try sandbox.write(2)])
            let gap = try #require(sandbox.positions.gaps.first)
            #expect(gap.reason == .hostChanged && gap.until >= before)
        }
        #expect(sandbox.positions.gaps.count == 1)
    }

    @Test(arguments: SandboxWire.allCases, SandboxWire.allCases)
    func `what proves continuity on a host are places of its own`(first: SandboxWire, second: SandboxWire) async throws
    {
        let sandbox = try await FollowedSandbox(hosts: 2)
        let hosts = sandbox.network.streamHosts
        try await sandbox.following(sandbox.configuration(hosts[0].url(first))) { _ in
            await sandbox.take(try (0..<5).map { try sandbox.write($0) })
        }
        let other = try sandbox.configuration(hosts[1].url(second))
        try await sandbox.following(other) { _ in
            await sandbox.take([try sandbox.write(5)])
        }
        let stored = try #require(sandbox.positions.stored.first { $0.position.host == hosts[1].origin.authority })
        let values = ResumeOverlap(stored.evidence).items.map(\.value)
        #expect(!values.isEmpty)
        if second == .jetstream1 {
            #expect(values.allSatisfy { $0 > 1_000_000_000_000_000 }, "\(values)")
        } else {
            #expect(values.allSatisfy { (2_000_000..<2_100_000).contains($0) }, "\(values)")
        }
        // What the host has forgotten since is missed, whatever the numbers of other hosts are.
        for number in 6..<16 { try sandbox.write(number) }
        hosts[1].forget(allBut: 3)
        let known = sandbox.positions.gaps.count
        // A relay is left, and read from the present: what was written before lies in the gap.
        try await sandbox.following(other, subscriptions: second == .relay ? 2 : 1) { _ in
            let last = try sandbox.write(16)
            await sandbox.positions.take(from: sandbox.batchQueue) { positions in
                positions.created.contains(last) && positions.gaps.count > known
            }
        }
        #expect(sandbox.positions.gaps.count == known + 1)
    }

    @Test func `a commit whose signing key nobody gives goes on with a note of that, and holds up no host`()
        async throws
    {
        let sandbox = try await FollowedSandbox(hosts: 2)
        let network = sandbox.network
        let hosts = network.streamHosts
        let both = try sandbox.configuration(hosts[0].url(.relay), hosts[1].url(.jetstream2))
        network.faults.add(.respond(HTTPResponse(status: 503)), on: "plc GET", count: 100_000)
        try await sandbox.following(both) { _ in
            let written = try (0..<5).map { try sandbox.write($0) }
            await sandbox.log.wait(
                for: "signing keys cannot be fetched; each author's PDS must prove the record instead"
            )
            await sandbox.take(written)
        }
    }

    @Test func `a host that forgets more before it is asked by time is one gap up to where it begins`() async throws {
        let sandbox = try await FollowedSandbox()
        let host = sandbox.network.streamHosts[0]
        let configuration = try sandbox.configuration(sandbox.network.streamURL(.jetstream2))
        try await sandbox.following(configuration) { _ in await sandbox.take([try sandbox.write(1)]) }
        for number in 2..<30 { try sandbox.write(number) }
        host.forget(allBut: 3)
        // It refuses the position, then the connection; meanwhile it forgets what the refusal could not know of.
        let requests = sandbox.network.journal.stream()
        sandbox.network.faults.add(.respond(HTTPResponse(status: 503)), on: "stream GET")
        let follower = sandbox.follower(configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follower.run() }
            for await entry in requests where entry.status == 400 { break }
            let forgotten = try sandbox.write(30)
            let end = sandbox.network.clock.now().microseconds
            host.forget(allBut: 0)
            let last = try sandbox.write(31)
            await sandbox.take([last])
            let gaps = sandbox.positions.gaps
            #expect(sandbox.positions.created.contains(forgotten) || gaps.contains { $0.until >= end }, "\(gaps)")
            group.cancelAll()
        }
    }

    @Test func `a queue that nobody empties costs a reconnect and no event`() async throws {
        let sandbox = try await FollowedSandbox(batchQueue: BatchQueue(capacity: 8))
        let uris = try (0..<50).map { try sandbox.write($0) }
        try await sandbox.following(sandbox.configuration(sandbox.network.streamURL(.jetstream2))) { _ in
            await sandbox.log.wait(for: "stream disconnected")
            await sandbox.take(uris)
        }
        #expect(sandbox.positions.gaps.isEmpty)
        #expect(sandbox.log.metadata(of: "stream disconnected").first?["reason"] == "mailbox-full")
    }

    @Test(arguments: ["http://127.0.0.1/", "ws://example.com/subscribe", "wss://example.com/other"])
    func `an address that names no stream ends at once with a sentence`(text: String) async throws {
        let sandbox = try await FollowedSandbox()
        let follower = sandbox.follower(try sandbox.configuration(WebURL(text)))
        let failure = await #expect(throws: FirehoseError.self) { try await follower.run() }
        #expect(failure?.code == .configuration && failure?.sentence.contains(text) == true)
    }
}
