import Testing

@testable import WebSocket

/// What a server may answer to an offer of permessage-deflate, and what is then written and read (RFC 7692 §7.1).
@Suite struct `Agreeing on compression` {
    struct Row: CustomTestStringConvertible {
        let answer: String
        var offer = DeflateOffer()
        /// The window of the server, of the client, and whether each compresses its messages by themselves; nil to fail.
        let agreed: (server: Int, client: Int, serverAlone: Bool, clientAlone: Bool)?

        var testDescription: String { answer }
    }

    private static let alone = DeflateOffer(serverNoContextTakeover: true, clientNoContextTakeover: true)
    private static let small = DeflateOffer(serverMaxWindowBits: 10, clientMaxWindowBits: 11)

    static let rows = [
        Row(answer: "permessage-deflate", agreed: (15, 15, false, false)),
        Row(answer: "Permessage-Deflate ;\tSERVER_NO_CONTEXT_TAKEOVER", agreed: (15, 15, true, false)),
        Row(
            answer: "permessage-deflate; client_no_context_takeover; server_max_window_bits=8",
            agreed: (8, 15, false, true)
        ),
        Row(answer: "permessage-deflate; client_max_window_bits=\"9\"", agreed: (15, 9, false, false)),
        Row(answer: "permessage-deflate; client_max_window_bits = 8", agreed: (15, 8, false, false)),
        // What was asked for and said of ourselves.
        Row(answer: "permessage-deflate; server_no_context_takeover", offer: alone, agreed: (15, 15, true, true)),
        Row(answer: "permessage-deflate", offer: alone, agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=10", offer: small, agreed: (10, 11, false, false)),
        Row(
            answer: "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10",
            offer: small,
            agreed: (9, 10, false, false)
        ),
        Row(answer: "permessage-deflate", offer: small, agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=11", offer: small, agreed: nil),
        Row(
            answer: "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12",
            offer: small,
            agreed: nil
        ),
        // Out of range, no number, no value, or a value where none belongs.
        Row(answer: "permessage-deflate; server_max_window_bits=7", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=16", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=010", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=+9", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=ten", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=\"\"", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits=\"10", agreed: nil),
        Row(answer: "permessage-deflate; server_max_window_bits", agreed: nil),
        Row(answer: "permessage-deflate; client_max_window_bits", agreed: nil),
        Row(answer: "permessage-deflate; server_no_context_takeover=true", agreed: nil),
        Row(answer: "permessage-deflate; client_no_context_takeover=", agreed: nil),
        // Twice, unknown, empty, or another extension.
        Row(answer: "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", agreed: nil),
        Row(
            answer: "permessage-deflate; client_no_context_takeover; Client_No_Context_Takeover",
            agreed: nil
        ),
        Row(answer: "permessage-deflate; fast", agreed: nil),
        Row(answer: "permessage-deflate;", agreed: nil),
        Row(answer: "x-webkit-deflate-frame", agreed: nil),
        Row(answer: "", agreed: nil),
    ]

    @Test(arguments: rows) func `an answer is taken as the offer allows`(row: Row) {
        let parameters = DeflateParameters(answer: row.answer, to: row.offer)
        #expect((parameters == nil) == (row.agreed == nil))
        #expect(parameters?.serverMaxWindowBits == row.agreed?.server)
        #expect(parameters?.clientMaxWindowBits == row.agreed?.client)
        #expect(parameters?.serverNoContextTakeover == row.agreed?.serverAlone)
        #expect(parameters?.clientNoContextTakeover == row.agreed?.clientAlone)
    }

    static let echoes = [
        "", "; server_no_context_takeover", "; client_no_context_takeover",
        "; server_max_window_bits=9", "; client_max_window_bits=9", "; client_max_window_bits=8",
        "; server_max_window_bits=10; client_max_window_bits=12; server_no_context_takeover; client_no_context_takeover",
    ]

    /// 1,500 octets without any likeness in them: what repeats them is small where the context is kept.
    private static let unlike: [UInt8] = (0..<1500).map { UInt8(truncatingIfNeeded: ($0 * $0 * 31 + $0 * 7) >> 3) }

    @Test(arguments: echoes) func `messages are compressed and inflated as agreed`(settings: String) async throws {
        let agreed = try #require(DeflateParameters(answer: "permessage-deflate" + settings, to: DeflateOffer()))
        let (frames, continuation) = AsyncStream.makeStream(of: ServerPeer.Frame.self)
        let server = LoopbackServer { peer, _ in
            peer.upgrade(fields: ["Sec-WebSocket-Extensions: permessage-deflate" + settings])
            // The server writes as a client would for whom the roles were changed.
            var mirrored = DeflateParameters()
            mirrored.clientMaxWindowBits = agreed.serverMaxWindowBits
            mirrored.clientNoContextTakeover = agreed.serverNoContextTakeover
            var deflater = Deflater(mirrored)
            for _ in 0..<3 {
                guard let frame = peer.readFrame() else { break }
                continuation.yield(frame)
                let payload = unsafe deflater?.compress(Self.unlike.span.bytes) ?? []
                peer.write(ServerFrame.make(2, payload, reserved: 4))
            }
            continuation.finish()
            peer.write(ServerFrame.close(1000))
            _ = peer.readCloseCode()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.deflate = DeflateOffer(compressesSent: true)
        let recording = Recording()
        let connection = try Client.connection(configuration)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        async let end = Client.run(
            connection,
            RecordingHandler(recording: recording, whenOpened: { opening.yield() })
        )
        for await _ in opened { break }
        for _ in 0..<3 { try connection.send(binary: Self.unlike) }
        var sizes: [Int] = []
        let inflater = WindowedInflater(
            windowBits: agreed.clientMaxWindowBits,
            keepsContext: !agreed.clientNoContextTakeover
        )
        // zlib cannot write raw DEFLATE with a window of 2^8: those messages go as they are.
        let isCompressed = agreed.clientMaxWindowBits > 8
        for await frame in frames {
            #expect(frame.isCompressed == isCompressed)
            #expect((isCompressed ? inflater.inflate(frame.payload) : frame.payload) == Self.unlike)
            sizes.append(frame.payload.count)
        }
        #expect(sizes.count == 3)
        let reachesBack = !agreed.clientNoContextTakeover && agreed.clientMaxWindowBits > 11
        #expect(((sizes.last ?? 0) < 100) == reachesBack, "\(sizes)")
        #expect(await end.closure?.isClean == true)
        #expect(recording.messages == [[UInt8]](repeating: Self.unlike, count: 3))
        #expect(recording.response?.deflate == agreed)
    }
}
