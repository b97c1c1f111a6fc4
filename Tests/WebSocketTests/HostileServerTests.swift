import Network
import Synchronization
import Testing
import WebSocket

/// Servers that misbehave after the upgrade; each must end in the right failure, close code and time.
@Suite struct `Hostile servers after the upgrade` {
    /// Serves one connection: 101, then these bytes, then waits for the client's close frame.
    private func meet(
        _ bytes: [UInt8],
        deflate: Bool = false,
        limit: Int? = nil,
        sameSegment: Bool = false
    ) async throws -> (end: Client.End, recording: Recording, closeCode: UInt16?) {
        let code = Mutex<UInt16?>(nil)
        let (codes, continuation) = AsyncStream.makeStream(of: UInt16?.self)
        let fields = deflate ? ["Sec-WebSocket-Extensions: permessage-deflate"] : []
        let server = LoopbackServer { peer, _ in
            peer.upgrade(fields: fields, followedBy: sameSegment ? bytes : [])
            if !sameSegment { peer.write(bytes) }
            continuation.yield(peer.readCloseCode())
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        if deflate { configuration.deflate = DeflateOffer() }
        if let limit { configuration.limits.message = limit }
        let (end, recording) = try await Client.run(configuration)
        for await seen in codes {
            code.withLock { $0 = seen }
            break
        }
        return (end, recording, code.withLock { $0 })
    }

    static let breaches: [(name: String, bytes: [UInt8])] = [
        ("a masked frame", [0x81, 0x81, 0, 0, 0, 0, 0x61]),
        ("a length of 2^63", [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("a length that is not minimal, 16 bits", [0x82, 126, 0, 125]),
        ("a length that is not minimal, 64 bits", [0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        ("a control frame of 126 bytes", ServerFrame.make(9, .init(repeating: 0, count: 126))),
        ("a fragmented ping", ServerFrame.make(9, isFinal: false)),
        ("a continuation without start", ServerFrame.make(0, [0x61])),
        ("a message inside a message", ServerFrame.make(1, [0x61], isFinal: false) + ServerFrame.make(1, [0x61])),
        ("RSV1 without an extension", ServerFrame.make(1, [0x61], reserved: 4)),
        ("RSV2", ServerFrame.make(1, [0x61], reserved: 2)),
        ("RSV3", ServerFrame.make(1, [0x61], reserved: 1)),
        ("a reserved data opcode", ServerFrame.make(3)),
        ("a reserved control opcode", ServerFrame.make(11)),
        ("a close of one byte", ServerFrame.make(8, [3])),
        ("a close with code 1005", ServerFrame.close(1005)),
        ("a close with code 999", ServerFrame.close(999)),
        ("garbage", Array("HTTP/1.1 200 OK\r\n\r\n".utf8)),
    ]

    @Test(arguments: breaches.indices) func `a breach of the protocol closes with 1002`(index: Int) async throws {
        let breach = Self.breaches[index]
        let (end, recording, code) = try await meet(breach.bytes)
        #expect(end.failure?.code == .protocolViolation, "\(breach.name)")
        #expect(end.failure?.closeCode == .protocolError, "\(breach.name)")
        #expect(code == 1002, "\(breach.name)")
        #expect(recording.texts.isEmpty)
    }

    @Test func `garbage in the segment of the 101 closes with 1002`() async throws {
        let (end, _, code) = try await meet([0xFF, 0xFF, 0xFF], sameSegment: true)
        #expect(end.failure?.closeCode == .protocolError)
        #expect(code == 1002)
    }

    @Test func `frames in the segment of the 101 are kept`() async throws {
        let bytes = ServerFrame.text("one") + ServerFrame.text("two") + ServerFrame.close(1000, "done")
        let (end, recording, code) = try await meet(bytes, sameSegment: true)
        #expect(recording.texts == ["one", "two"])
        #expect(
            end.closure == WebSocketClosure(initiator: .server, code: .normal, reason: "done", isClean: true)
        )
        #expect(code == 1000)
    }

    @Test(arguments: [9, 10, 0] as [UInt8]) func `RSV1 in control and continuation frames closes with 1002`(
        opcode: UInt8
    ) async throws {
        let start = opcode == 0 ? ServerFrame.make(1, [0x61], isFinal: false) : []
        let (end, _, code) = try await meet(start + ServerFrame.make(opcode, [1], reserved: 4), deflate: true)
        #expect(end.failure?.closeCode == .protocolError)
        #expect(code == 1002)
    }

    @Test func `bytes that are not DEFLATE close with 1007`() async throws {
        let (end, _, code) = try await meet(ServerFrame.make(1, [0xFF, 0xFF, 0xFF], reserved: 4), deflate: true)
        #expect(end.failure?.closeCode == .invalidPayload)
        #expect(code == 1007)
    }

    @Test func `a deflate bomb closes with 1009 at the limit`() async throws {
        let zeros = Compressed.message([UInt8](repeating: 0x61, count: 64 << 20))
        let (end, recording, code) = try await meet(
            ServerFrame.make(1, zeros, reserved: 4),
            deflate: true,
            limit: 1 << 20
        )
        #expect(end.failure?.code == .messageTooBig)
        #expect(code == 1009)
        #expect(recording.texts.isEmpty)
    }

    @Test func `a frame over the limit closes with 1009 before it has come`() async throws {
        let (end, _, code) = try await meet([0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0], limit: 1 << 20)
        #expect(end.failure?.code == .messageTooBig)
        #expect(code == 1009)
    }

    @Test func `fragments that add up to more than the limit close with 1009`() async throws {
        let part = [UInt8](repeating: 0x61, count: 600)
        let bytes = ServerFrame.make(1, part, isFinal: false) + ServerFrame.make(0, part)
        let (end, _, code) = try await meet(bytes, limit: 1000)
        #expect(end.failure?.code == .messageTooBig)
        #expect(code == 1009)
    }

    @Test(arguments: [
        ServerFrame.make(1, [0x61, 0xFF]),
        ServerFrame.make(1, [0xE2, 0x82]),
        // The payload is announced as 10 bytes, and the third cannot be right: nobody waits for the rest.
        [0x81, 10, 0x61, 0xC0],
        ServerFrame.make(1, [0xED], isFinal: false) + ServerFrame.make(0, [0xA0], isFinal: false),
    ]) func `text that is not UTF-8 closes with 1007 at once`(bytes: [UInt8]) async throws {
        let (end, recording, code) = try await meet(bytes)
        #expect(end.failure?.closeCode == .invalidPayload)
        #expect(code == 1007)
        #expect(recording.texts.isEmpty)
    }

    @Test func `a close reason that is not UTF-8 closes with 1007`() async throws {
        let (end, _, code) = try await meet(ServerFrame.make(8, [0x03, 0xE8, 0xFF]))
        #expect(end.failure?.closeCode == .invalidPayload)
        #expect(code == 1007)
    }

    @Test func `data after the close frame is not handed out`() async throws {
        let (end, recording, code) = try await meet(
            ServerFrame.text("before") + ServerFrame.close(1001) + ServerFrame.text("after")
        )
        #expect(recording.texts == ["before"])
        #expect(end.closure?.code == .goingAway)
        #expect(code == 1001)
    }

    @Test func `a close frame without a code is answered by one without a code`() async throws {
        let (end, _, code) = try await meet(ServerFrame.make(8))
        #expect(end.closure?.code == .noStatus)
        #expect(code == 1005)
    }
}
