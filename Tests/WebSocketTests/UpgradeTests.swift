import Network
import Testing
import WebSocket

/// The opening handshake against servers that refuse, stall or lie.
@Suite struct `The upgrade over TCP` {
    /// Answers every request with these bytes and ends its direction.
    private func meet(
        _ answer: [UInt8],
        changing: (inout WebSocketConfiguration) -> Void = { _ in }
    ) async throws -> WebSocketError? {
        let server = LoopbackServer { peer, _ in
            _ = peer.readRequest()
            peer.write(answer)
            peer.finish()
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        changing(&configuration)
        return try await Client.run(configuration).end.failure
    }

    private func meet(_ answer: String) async throws -> WebSocketError? { try await meet(Array(answer.utf8)) }

    @Test func `a redirect is a refusal with its location`() async throws {
        let failure = try await meet("HTTP/1.1 301 Moved Permanently\r\nLocation: wss://other.example/\r\n\r\n")
        #expect(failure?.code == .upgradeRefused)
        #expect(failure?.refusal?.status == 301)
        #expect(failure?.refusal?.headers["location"] == "wss://other.example/")
    }

    @Test func `a 429 keeps Retry-After and its body`() async throws {
        let failure = try await meet(
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 4\r\n\r\nslowTRAILING"
        )
        #expect(failure?.refusal?.headers["Retry-After"] == "17")
        #expect(failure?.refusal?.body == Array("slow".utf8))
    }

    @Test func `an HTML 503 in chunks is kept without its marks, up to 4 KiB`() async throws {
        let html = String(repeating: "<p>down</p>", count: 600)
        let chunks = "3E8\r\n\(html.prefix(1000))\r\n1388;x=y\r\n\(html.dropFirst(1000).prefix(5000))\r\n0\r\n\r\n"
        let failure = try await meet(
            "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
        )
        #expect(failure?.refusal?.status == 503)
        #expect(failure?.refusal?.body == Array(html.utf8.prefix(4096)))
    }

    @Test func `an old proxy's refusal is one, too`() async throws {
        let failure = try await meet("HTTP/1.0 503 Service Unavailable\r\n\r\ndown")
        #expect(failure?.refusal?.status == 503)
    }

    @Test func `interim answers are passed over`() async throws {
        let failure = try await meet("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n")
        #expect(failure?.refusal?.status == 404)
    }

    static let lies: [(answer: String, reason: String)] = [
        ("HTTP/1.0 101 X\r\nUpgrade: websocket\r\n\r\n", "the answer is of HTTP/1.0, which has no upgrade"),
        ("HTTP/1.1 1O1 X\r\n\r\n", "the status line is malformed"),
        ("HTTP/1.1\r\n\r\n", "the status line is malformed"),
        ("HTTP/1.x 101 X\r\n\r\n", "the status line is malformed"),
        ("HTTP/1.1 1010 X\r\n\r\n", "the status line is malformed"),
        ("HTTP/1.1 099 X\r\n\r\n", "the status line is malformed"),
        ("HTTP/1.1 101 X\r\n Upgrade: websocket\r\n\r\n", "a header name is malformed"),
        ("HTTP/1.1 101 X\r\nUpgrade: web\0socket\r\n\r\n", "a header value holds a control character"),
        ("HTTP/1.1 101 X\r\nUpgrade: web\rsocket\r\n\r\n", "a header value holds a control character"),
        ("HTTP/1.1 101 X\r\nUpgrade: websocket, h2c\r\n\r\n", "the Upgrade field is not websocket"),
        ("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n\r\n", "the Upgrade field is not websocket"),
        (String(repeating: "HTTP/1.1 103 X\r\n\r\n", count: 16), "16 interim answers came and no final one"),
        ("", "the server closed the connection instead of answering"),
        ("HTTP", "the server closed the connection in the midst of its answer"),
        ("HTTP/1.1 101 X\r\nUpgrade: webso", "the server closed the connection in the midst of its answer"),
        ("HTTP/1.1 101 X\r\nUpgrade : websocket\r\n\r\n", "a header name is malformed"),
        ("HTTP/1.1 101 X\r\nUpgrade\r\n\r\n", "a header line has no colon"),
        ("HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n", "the Upgrade field is not websocket"),
        ("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", "the Connection field does not hold upgrade"),
        (
            "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
            "Sec-WebSocket-Accept does not answer our key"
        ),
    ]

    @Test(arguments: lies.indices) func `an answer that breaks the rules is named`(index: Int) async throws {
        let failure = try await meet(Self.lies[index].answer)
        #expect(failure?.code == .invalidUpgrade)
        let advice = "; the server or something on the way is at fault: try another host"
        #expect(failure?.detail == Self.lies[index].reason + advice)
    }

    @Test(arguments: [
        ["Sec-WebSocket-Protocol: chat"], ["Sec-WebSocket-Extensions: permessage-deflate"],
        ["Sec-WebSocket-Extensions: x-unknown"], ["Sec-WebSocket-Protocol: "],
        ["Sec-WebSocket-Protocol: XRPC.v1.json"], ["Sec-WebSocket-Protocol: xrpc.v1.json, xrpc.v1.json"],
        ["Sec-WebSocket-Protocol: xrpc.v1.json", "Sec-WebSocket-Protocol: xrpc.v1.json"],
    ]) func `what was not offered is refused`(fields: [String]) async throws {
        let server = LoopbackServer { peer, _ in
            peer.upgrade(fields: fields)
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.subprotocols = ["xrpc.v1.json"]
        #expect(try await Client.run(configuration).end.failure?.code == .invalidUpgrade)
    }

    @Test func `the subprotocol that the server chose is reported`() async throws {
        let server = LoopbackServer { peer, _ in
            let request = peer.upgrade(
                fields: ["Sec-WebSocket-Protocol: xrpc.v1.json"],
                followedBy: ServerFrame.close(1000)
            )
            #expect(ServerPeer.field("Sec-WebSocket-Protocol", of: request) == "xrpc.v1.json, other")
            #expect(ServerPeer.field("User-Agent", of: request) == "test/1")
            #expect(ServerPeer.field("Sec-WebSocket-Version", of: request) == "13")
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server, "/xrpc/x?cursor=1")
        configuration.subprotocols = ["xrpc.v1.json", "other"]
        configuration.headers = ["User-Agent": "test/1"]
        #expect(try await Client.run(configuration).recording.response?.subprotocol == "xrpc.v1.json")
    }

    @Test(arguments: [true, false]) func `a key is shown to its own server alone`(isItsOwn: Bool) async throws {
        let server = LoopbackServer { peer, _ in
            let request = peer.upgrade(followedBy: ServerFrame.close(1000))
            #expect(ServerPeer.field("Authorization", of: request) == (isItsOwn ? "Bearer key-0123456789" : nil))
            peer.drain()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        let other = try WebURL("ws://127.0.0.1:9/")
        configuration.key = HostKey(Array("key-0123456789".utf8), for: isItsOwn ? configuration.url : other)
        #expect(try await Client.run(configuration).end.closure?.code == .normal)
        #expect(configuration.key != nil && !"\(configuration)".contains("0123456789"))
    }

    @Test func `a server that never answers meets the deadline`() async throws {
        let server = LoopbackServer { peer, _ in peer.drain() }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.upgradeDeadline = .milliseconds(200)
        #expect(try await Client.run(configuration).end.failure?.code == .upgradeTimeout)
    }

    @Test func `a server that answers byte by byte cannot stretch the deadline`() async throws {
        let server = LoopbackServer { peer, _ in
            _ = peer.readRequest()
            _ = peer.write("HTTP/1.1 101 ")
            while peer.write("H") { peer.pause(milliseconds: 5) }
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.upgradeDeadline = .milliseconds(200)
        let start = ContinuousClock.now
        #expect(try await Client.run(configuration).end.failure?.code == .upgradeTimeout)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func `endless headers end at the limit`() async throws {
        let server = LoopbackServer { peer, _ in
            _ = peer.readRequest()
            peer.write("HTTP/1.1 101 X\r\n")
            let line = [UInt8]("X-Filler: \(String(repeating: "a", count: 65_536))\r\n".utf8)
            // One gigabyte, if the client lets it.
            for _ in 0..<16_384 where !peer.write(line) { break }
        }
        defer { server.stop() }
        let failure = try await Client.run(Client.configuration(server)).end.failure
        #expect(failure?.code == .invalidUpgrade)
        #expect(failure?.detail.hasPrefix("the header is longer than 16384 bytes;") == true)
    }

    @Test func `a configured field cannot smuggle a line`() async throws {
        let failure = try await meet([]) { $0.headers = ["User-Agent": "x\r\nHost: other"] }
        #expect(failure?.code == .notAllowed)
    }

    @Test func `plain ws needs loopback and the development switch`() async throws {
        var configuration = WebSocketConfiguration(url: try WebURL("ws://example.com/"), allowsLoopback: true)
        #expect(try await Client.run(configuration).end.failure?.code == .notAllowed)
        configuration.url = try WebURL("ws://127.0.0.1:1/")
        configuration.allowsLoopback = false
        #expect(try await Client.run(configuration).end.failure?.code == .notAllowed)
    }

    @Test func `nobody listening is a connect failure that names the address`() async throws {
        let configuration = WebSocketConfiguration(url: try WebURL("ws://127.0.0.1:1/"), allowsLoopback: true)
        let failure = try await Client.run(configuration).end.failure
        #expect(failure?.code == .connect)
        #expect(failure?.stream?.detail == "127.0.0.1:1: connect: Connection refused")
    }
}
