import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import Firehose

/// What a host is asked for, and shown, beside its stream.
@Suite(.timeLimit(.minutes(1))) struct `A host with terms of its own` {
    @Test(arguments: [Framing.whole, .fragmented(bytes: 50), .gorilla(bytes: 100)])
    func `sends compressed what is asked for so, and nothing is lost`(framing: Framing) async throws {
        let sandbox = try await FollowedSandbox()
        let host = sandbox.network.streamHosts[0]
        host.compress()
        host.use(framing)
        var configuration = try sandbox.configuration(host.url(.jetstream1))
        configuration.hosts[0].asksForCompression = true
        var uris: [String] = []
        try await sandbox.following(configuration) { follower in
            for number in 0..<20 { uris.append(try sandbox.write(number, padding: number * 1000)) }
            await sandbox.take(uris)
            #expect(follower.hosts.reports.map(\.isCompressed) == [true])
            // With a new connection a new context begins.
            host.inflict(.drop)
            for number in 20..<40 { uris.append(try sandbox.write(number)) }
            await sandbox.take(uris)
        }
        #expect(Set(sandbox.positions.created) == Set(uris) && sandbox.positions.gaps.isEmpty)
        #expect(sandbox.positions.rejected.isEmpty && sandbox.log.count("stream not compressed") == 0)
    }

    @Test(arguments: SandboxWire.allCases)
    func `is read as it comes when it does not compress, and that is said`(wire: SandboxWire) async throws {
        let sandbox = try await FollowedSandbox()
        let host = sandbox.network.streamHosts[0]
        host.compress(wire != .jetstream1)
        var configuration = try sandbox.configuration(host.url(wire))
        configuration.hosts[0].asksForCompression = true
        try await sandbox.following(configuration) { follower in
            await sandbox.take([try sandbox.write(1)])
            #expect(follower.hosts.reports.map(\.isCompressed) == [false])
        }
        #expect(sandbox.log.count("stream not compressed", .info) > 0)
    }

    @Test func `is asked for no compression by itself`() async throws {
        let sandbox = try await FollowedSandbox()
        sandbox.network.streamHosts[0].compress()
        try await sandbox.following(sandbox.configuration(sandbox.network.streamURL(.jetstream1))) { follower in
            await sandbox.take([try sandbox.write(1)])
            #expect(follower.hosts.reports.map(\.isCompressed) == [false])
        }
        #expect(sandbox.log.count("stream not compressed") == 0)
        let offers = sandbox.network.journal.entries(matching: "stream").compactMap {
            $0.request.headers["Sec-WebSocket-Extensions"]
        }
        #expect(offers.isEmpty)
    }

    @Test(arguments: SandboxWire.allCases) func `is shown its key, which nothing prints`(wire: SandboxWire) async throws
    {
        let sandbox = try await FollowedSandbox()
        let host = sandbox.network.streamHosts[0]
        host.demand(key: "right-key-of-ours")
        var configuration = try sandbox.configuration(host.url(wire))
        configuration.hosts[0].key = HostKey(Array("right-key-of-ours".utf8), for: host.url(wire))
        try await sandbox.following(configuration) { _ in await sandbox.take([try sandbox.write(1)]) }
        let entries = sandbox.network.journal.entries(matching: "stream")
        #expect(entries.allSatisfy { $0.request.headers["Authorization"] == "Bearer right-key-of-ours" })
        let upstream = try Upstream(configuration.hosts[0], allowsLoopback: true)
        let request = StreamRequest(upstream, .live, collections: [])
        let texts = ["\(configuration)", "\(upstream)", String(reflecting: request), sandbox.log.text]
        for text in texts { #expect(!text.contains("key-of-ours") && !text.isEmpty) }
    }

    @Test(arguments: [nil, "/etc/impact-notifier/secrets/stream-key"])
    func `that refuses the key is left alone, and what to do is said`(file: String?) async throws {
        let sandbox = try await FollowedSandbox()
        let host = sandbox.network.streamHosts[0]
        host.demand(key: "right-key-of-ours")
        var configuration = try sandbox.configuration(host.url(.jetstream2))
        configuration.hosts[0].keyFile = file
        if file != nil { configuration.hosts[0].key = HostKey(Array("wrong-key-of-ours".utf8), for: host.origin) }
        let follower = sandbox.follower(configuration)
        let following = Task { try await follower.run() }
        await sandbox.log.wait(for: "stream disconnected")
        following.cancel()
        _ = await following.result
        let ended = try #require(sandbox.log.metadata(of: "stream disconnected").first)
        let detail = ended["detail"] ?? ""
        #expect(ended["reason"] == "AuthenticationRequired")
        #expect(detail.contains(file.map { "does not take the key in \($0): " } ?? "as api_key_file"), "\(detail)")
        // The server quotes what it was shown.
        #expect(detail.hasPrefix("not a key of ours: \(file == nil ? "none" : "Bearer [redacted]"); "), "\(detail)")
        #expect(!sandbox.log.text.contains("key-of-ours"))
    }

    @Test(arguments: [400, 404, 429, 500, 503]) func `that refuses for another reason is not about the key`(
        status: Int
    ) throws {
        let source = StreamSource(try WebURL("wss://a.test"))
        #expect(source.advice(on: status) == nil)
    }
}
