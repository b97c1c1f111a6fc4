import Network
import Synchronization
import Testing
import WebSocket

/// Ends of connections: by the handler, by the caller, by the network, by silence.
@Suite struct `The life of a connection` {
    @Test func `the handler closes, and both sides send one close frame`() async throws {
        let (codes, continuation) = AsyncStream.makeStream(of: UInt16?.self)
        let server = LoopbackServer { peer, _ in
            peer.upgrade(followedBy: ServerFrame.text("one") + ServerFrame.text("two") + ServerFrame.text("three"))
            let code = peer.readCloseCode()
            peer.write(ServerFrame.close(code ?? 0))
            continuation.yield(code)
            continuation.yield(peer.readCloseCode())
        }
        defer { server.stop() }
        let (end, recording) = try await Client.run(Client.configuration(server), closesAfter: 2)
        #expect(recording.texts == ["one", "two"])
        #expect(end.closure == WebSocketClosure(initiator: .client, code: .normal, reason: "", isClean: true))
        var seen = codes.makeAsyncIterator()
        #expect(await seen.next() == 1000)
        #expect(await seen.next() == .some(nil))
    }

    @Test func `a connection that waits for the server's close frame sleeps`() async throws {
        let server = LoopbackServer { peer, _ in
            peer.upgrade(followedBy: ServerFrame.text("one"))
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        // A ping would be due at once, were the connection open.
        configuration.liveness.pingAfter = .milliseconds(1)
        let (end, recording) = try await Client.run(configuration, closesAfter: 1)
        #expect(end.closure?.isClean == false)
        #expect(recording.batches < 20, "each is a turn of the loop")
    }

    @Test func `a server that does not answer our close frame is left after a second`() async throws {
        let server = LoopbackServer { peer, _ in
            peer.upgrade(followedBy: ServerFrame.text("one"))
            peer.drain()
        }
        defer { server.stop() }
        let start = ContinuousClock.now
        let (end, _) = try await Client.run(Client.configuration(server), closesAfter: 1)
        #expect(end.closure?.isClean == false)
        #expect(end.closure?.initiator == .client)
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test func `other threads send and close`() async throws {
        let (frames, continuation) = AsyncStream.makeStream(of: ServerPeer.Frame?.self)
        let server = LoopbackServer { peer, _ in
            peer.upgrade()
            for _ in 0..<3 { continuation.yield(peer.readFrame()) }
            peer.write(ServerFrame.close(1000))
            peer.drain()
        }
        defer { server.stop() }
        let connection = try Client.connection(Client.configuration(server))
        #expect(throws: WebSocketError.self) { try connection.send(text: "too early") }
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        async let end = Client.run(
            connection,
            RecordingHandler(recording: Recording(), whenOpened: { opening.yield() })
        )
        for await _ in opened { break }
        try connection.send(text: "grüß")
        try connection.send(binary: [UInt8](repeating: 7, count: 70_000))
        connection.close(.goingAway, reason: "bye")
        var seen = frames.makeAsyncIterator()
        let text = await seen.next() ?? nil
        #expect(text == .init(opcode: 1, isMasked: true, isCompressed: false, payload: Array("grüß".utf8)))
        let binary = await seen.next() ?? nil
        #expect(binary?.payload == [UInt8](repeating: 7, count: 70_000))
        let close = await seen.next() ?? nil
        #expect(close?.payload == [0x03, 0xE9] + Array("bye".utf8))
        #expect(await end.closure?.isClean == true)
        #expect(throws: WebSocketError.self) { try connection.send(text: "too late") }
    }

    @Test func `cancellation says goodbye with 1001`() async throws {
        let (codes, continuation) = AsyncStream.makeStream(of: UInt16?.self)
        let server = LoopbackServer { peer, _ in
            peer.upgrade(followedBy: ServerFrame.text("one"))
            continuation.yield(peer.readCloseCode())
        }
        defer { server.stop() }
        let connection = try Client.connection(Client.configuration(server))
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            await Client.run(
                connection,
                RecordingHandler(recording: Recording(), whenOpened: { opening.yield() })
            )
        }
        for await _ in opened { break }
        task.cancel()
        #expect(await task.value.failure?.code == .cancelled)
        var seen = codes.makeAsyncIterator()
        #expect(await seen.next() == 1001)
    }

    @Test func `cancellation ends an upgrade that hangs`() async throws {
        let (requests, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = LoopbackServer { peer, _ in
            _ = peer.readRequest()
            continuation.yield()
            peer.drain()
        }
        defer { server.stop() }
        let connection = try Client.connection(Client.configuration(server))
        let task = Task { await Client.run(connection, RecordingHandler(recording: Recording())) }
        for await _ in requests { break }
        task.cancel()
        #expect(await task.value.failure?.code == .cancelled)
    }

    @Test func `an end without a close frame is a loss`() async throws {
        let server = LoopbackServer { peer, _ in peer.upgrade(followedBy: ServerFrame.text("one") + [0x81, 5, 0x61]) }
        defer { server.stop() }
        let (end, recording) = try await Client.run(Client.configuration(server))
        #expect(end.failure?.code == .connectionLost)
        #expect(recording.texts == ["one"])
    }

    @Test func `a reset in mid-frame is a loss with its cause`() async throws {
        let server = LoopbackServer { peer, _ in
            peer.upgrade(followedBy: [0x81, 126, 0x10, 0x00, 0x61])
            peer.reset()
        }
        defer { server.stop() }
        let (end, _) = try await Client.run(Client.configuration(server))
        #expect(end.failure?.code == .connectionLost)
        #expect(end.failure?.stream?.code == .reset)
        #expect(end.failure?.stream?.detail == "recv: Connection reset by peer")
    }

    @Test func `a half-closed server still gets our close frame`() async throws {
        let (codes, continuation) = AsyncStream.makeStream(of: UInt16?.self)
        let server = LoopbackServer { peer, _ in
            peer.upgrade(followedBy: ServerFrame.close(1001, "drain"))
            peer.finish()
            continuation.yield(peer.readCloseCode())
        }
        defer { server.stop() }
        let (end, _) = try await Client.run(Client.configuration(server))
        #expect(end.closure?.reason == "drain")
        var seen = codes.makeAsyncIterator()
        #expect(await seen.next() == 1001)
    }

    @Test func `silence is met by a ping and then given up`() async throws {
        let (frames, continuation) = AsyncStream.makeStream(of: UInt8?.self)
        let server = LoopbackServer { peer, _ in
            peer.upgrade()
            continuation.yield(peer.readFrame()?.opcode)
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.liveness.pingAfter = .milliseconds(100)
        configuration.liveness.deadAfter = .seconds(5)
        let (end, _) = try await Client.run(configuration)
        #expect(end.failure?.code == .deadPeer)
        var seen = frames.makeAsyncIterator()
        #expect(await seen.next() == 9)
    }

    @Test func `a server that answers our pings lives`() async throws {
        let server = LoopbackServer { peer, _ in
            peer.upgrade()
            for _ in 0..<3 {
                guard peer.readFrame()?.opcode == 9 else { return }
                peer.write(ServerFrame.make(10))
            }
            peer.write(ServerFrame.close(1000))
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.liveness.pingAfter = .milliseconds(50)
        configuration.liveness.deadAfter = .seconds(5)
        #expect(try await Client.run(configuration).end.closure?.isClean == true)
    }

    @Test func `the handler is asked at least once a second although nothing comes`() async throws {
        let server = LoopbackServer { peer, _ in
            peer.upgrade()
            peer.drain()
        }
        defer { server.stop() }
        let recording = Recording()
        var configuration = try Client.configuration(server)
        configuration.closeDeadline = .milliseconds(100)
        let connection = try Client.connection(configuration)
        let start = ContinuousClock.now
        let end = await Client.run(connection, RecordingHandler(recording: recording, closesAfterBatches: 2))
        #expect(end.closure?.code == .normal && recording.batches >= 2)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func `a connection is used once`() async throws {
        let server = LoopbackServer { peer, _ in peer.upgrade(followedBy: ServerFrame.close(1000)) }
        defer { server.stop() }
        let connection = try Client.connection(Client.configuration(server))
        _ = await Client.run(connection, RecordingHandler(recording: Recording()))
        let again = await Client.run(connection, RecordingHandler(recording: Recording()))
        #expect(again.failure?.code == .notAllowed)
    }
}
