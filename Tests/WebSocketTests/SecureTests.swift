import Network
import TestSupport
import Testing
import WebSocket

/// Connections as they are in the field: under TLS, and through a proxy.
@Suite struct `A connection under TLS` {
    private func configuration(_ server: StreamTLSServer, host: String = "localhost") throws -> WebSocketConfiguration {
        let url = try WebURL("wss://\(host):\(server.port)/")
        var configuration = WebSocketConfiguration(url: url, tls: TLSContext(extraAuthorities: server.certificateFile))
        configuration.coalesce = .zero
        return configuration
    }

    /// Sends two messages, wants one back that the client sends when it is open, and closes.
    private static func converse(_ tls: StreamTLSPeer) {
        let peer = ServerPeer(tls)
        peer.upgrade(followedBy: ServerFrame.text("one"))
        peer.write(ServerFrame.text(String(repeating: "two", count: 30_000)))
        guard let frame = peer.readFrame(), frame.isMasked else { return }
        peer.write(ServerFrame.make(frame.opcode, frame.payload) + ServerFrame.close(1000, "done"))
        _ = peer.readCloseCode()
    }

    /// Runs a connection that sends `hello`.
    private func run(_ configuration: WebSocketConfiguration) async throws -> (Client.End, Recording) {
        let recording = Recording()
        let connection = try Client.connection(configuration)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        async let end = Client.run(
            connection,
            RecordingHandler(recording: recording, whenOpened: { opening.yield() })
        )
        for await _ in opened { break }
        try connection.send(text: "hello")
        return (await end, recording)
    }

    @Test func `messages go both ways, and a reconnect resumes the session`() async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", converse: Self.converse)
        defer { server.stop() }
        let configuration = try configuration(server)
        for isResumed in [false, true] {
            let (end, recording) = try await run(configuration)
            #expect(recording.texts == ["one", String(repeating: "two", count: 30_000), "hello"])
            #expect(
                end.closure == WebSocketClosure(initiator: .server, code: .normal, reason: "done", isClean: true)
            )
            #expect(recording.response?.tlsVersion == "TLSv1.3")
            #expect(recording.response?.isResumed == isResumed)
        }
    }

    @Test func `it is the same through a proxy`() async throws {
        let server = try StreamTLSServer(names: "DNS:jetstream.example", converse: Self.converse)
        defer { server.stop() }
        let proxy = RelayingProxy(to: server.port)
        defer { proxy.stop() }
        var configuration = try configuration(server, host: "jetstream.example")
        configuration.proxy = try ProxySettings(environment: ["https_proxy": "http://127.0.0.1:\(proxy.port)"])
        let (end, recording) = try await run(configuration)
        #expect(recording.texts.last == "hello")
        #expect(end.closure?.isClean == true)
        #expect(server.hellos.map(\.serverName) == ["jetstream.example"])
        #expect(proxy.requests.count == 1)
        #expect(proxy.requests.first?.hasPrefix("CONNECT jetstream.example:\(server.port) HTTP/1.1\r\n") == true)
    }

    @Test(arguments: [StreamTLSServer.Ending.halfRecord, .fin])
    func `a stream that is cut off is a loss with its cause`(ending: StreamTLSServer.Ending) async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", ending: ending) { tls in
            ServerPeer(tls).upgrade(followedBy: ServerFrame.text("one"))
        }
        defer { server.stop() }
        let (end, recording) = try await Client.run(configuration(server))
        #expect(recording.texts == ["one"])
        #expect(end.failure?.code == .connectionLost)
        #expect(end.failure?.stream?.code == .truncated)
    }

    @Test func `a close frame needs no close_notify behind it`() async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", ending: .fin) { tls in
            let peer = ServerPeer(tls)
            peer.upgrade(followedBy: ServerFrame.close(1001, "drain"))
            _ = peer.readCloseCode()
        }
        defer { server.stop() }
        let (end, _) = try await Client.run(configuration(server))
        #expect(end.closure?.reason == "drain" && end.closure?.isClean == true)
    }
}
