import Network
import Sandbox
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A server of HTTP` {
    /// A server on a free port whose handler echoes what it was asked, and remembers it.
    private final class Echo: Sendable {
        let port: UInt16
        private let address: String
        private let server: HTTPServer
        private let seen = Mutex<[ServerRequest]>([])

        init(
            _ limits: ServerLimits = ServerLimits(),
            at address: String = "127.0.0.1",
            port: UInt16 = 0,
            body: [UInt8]? = nil
        ) throws {
            let socket = try ListeningSocket(try #require(SocketAddress(literal: address, port: port)))
            self.port = socket.port
            self.address = address
            let seen = Mutex<@Sendable (ServerRequest) -> Void>({ _ in })
            let note: @Sendable (ServerRequest) -> Void = { request in seen.withLock { $0 }(request) }
            server = try HTTPServer(on: socket, limits: limits) { request in
                note(request)
                let text = "\(request.method) \(request.path) \(request.query.map { "\($0.name)=\($0.value)" })"
                return .now(ServerReply(body ?? Array(text.utf8), headers: ["X-Test": "yes"]))
            }
            seen.withLock { $0 = { [weak self] request in self?.seen.withLock { $0.append(request) } } }
        }

        var requests: [ServerRequest] { seen.withLock(\.self) }

        func stop() { server.stop() }

        func ask(_ text: String) -> String {
            let connection = RawConnection(port: port, of: address)
            connection.send(text)
            return connection.answer()
        }
    }

    private static func limits(
        duration: Duration = .seconds(60),
        connections: Int = 64,
        perAddress: Int = 16
    ) -> ServerLimits {
        var limits = ServerLimits()
        limits.duration = duration
        limits.connections = connections
        limits.connectionsPerAddress = perAddress
        return limits
    }

    private static let get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `stops while clients send it nonsense, and its port is free`() throws {
        let nonsense = "GET /x HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "x", count: 20_000) + "\r\n\r\n"
        let address = ownLoopbackAddress()
        for round in 0..<300 {
            let echo = try Echo(Self.limits(perAddress: 64), at: address)
            let crowd = (0..<60).map { _ in RawConnection(port: echo.port, of: address) }
            // Some of it is under way, some is read, some answered, when the server stops.
            for connection in crowd.dropFirst(round % 50) { connection.send(nonsense) }
            echo.stop()
            for connection in crowd { #expect(connection.isEnded()) }
            _ = try ListeningSocket(try #require(SocketAddress(literal: address, port: echo.port)))
        }
    }

    @Test func `answers, and ends the connection`() throws {
        let echo = try Echo()
        let answer = echo.ask("GET /a%20b?x=1&y=%26&z HTTP/1.1\r\nHost: h\r\nAccept: text/plain\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("\r\nConnection: close\r\n") && answer.contains("\r\nX-Test: yes\r\n"))
        #expect(answer.contains("\r\nCache-Control: no-store\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n" + #"GET /a b ["x=1", "y=&", "z="]"#))
        #expect(echo.requests.first?.headers["accept"] == "text/plain")
        #expect(echo.requests.first?.version == "HTTP/1.1")
    }

    @Test func `gives HEAD the fields of GET and no content`() throws {
        let echo = try Echo(body: Array(repeating: 0x61, count: 1000))
        let answer = echo.ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer.contains("\r\nContent-Length: 1000\r\n") && answer.hasSuffix("\r\n\r\n"))
    }

    @Test func `sends an answer of a megabyte whole`() throws {
        let body = [UInt8](repeating: 0x62, count: 1 << 20)
        #expect(try Echo(body: body).ask(Self.get).utf8.count > body.count)
    }

    @Test(arguments: ["POST", "GET", "DELETE"]) func `reads no body, however long it shall be`(method: String) throws {
        let echo = try Echo()
        let head = "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 1099511627776\r\n\r\n"
        #expect(echo.ask(head).hasPrefix("HTTP/1.1 200"))
        let chunked = "\(method) / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n"
        #expect(echo.ask(chunked).hasPrefix("HTTP/1.1 200"))
        let expecting = "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        #expect(echo.ask(expecting).hasPrefix("HTTP/1.1 200"))
    }

    private static let longHeads = [
        "GET /" + String(repeating: "a", count: 1 << 20),
        "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 1 << 20),
        "GET / HTTP/1.1\r\n" + String(repeating: "X-a: b\r\n", count: 1 << 17),
    ]

    @Test(arguments: longHeads.indices) func `refuses a head that is too long, and asks nobody`(number: Int) throws {
        let echo = try Echo()
        let status = echo.ask(Self.longHeads[number]).split(separator: " ").dropFirst().first
        #expect(status == "414" || status == "431")
        #expect(echo.requests.isEmpty)
        #expect(echo.ask(Self.get).hasPrefix("HTTP/1.1 200"))
    }

    @Test func `lets the newest of an address in, and ends its oldest`() throws {
        let echo = try Echo(Self.limits(perAddress: 2))
        let other = RawConnection(port: echo.port, from: "127.0.0.2")
        let silent = (0..<5).map { _ in RawConnection(port: echo.port) }
        for connection in silent.prefix(3) { #expect(connection.isEnded()) }
        #expect(echo.ask(Self.get).hasPrefix("HTTP/1.1 200"))
        #expect(silent[3].isEnded())
        for connection in [silent[4], other] {
            connection.send(Self.get)
            #expect(connection.answer().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `lets the newest of all in, and ends the oldest of all`() throws {
        let echo = try Echo(Self.limits(connections: 10, perAddress: 2))
        let silent = (0..<200).map { RawConnection(port: echo.port, from: "127.0.1.\($0 + 1)") }
        #expect(echo.ask(Self.get).hasPrefix("HTTP/1.1 200"))
        for connection in silent.prefix(190) { #expect(connection.isEnded()) }
        silent[199].send(Self.get)
        #expect(silent[199].answer().hasPrefix("HTTP/1.1 200"))
    }

    @Test func `ends a connection when its time is up, though a byte comes now and then`() throws {
        let echo = try Echo(Self.limits(duration: .milliseconds(300)))
        let begun = ContinuousClock.now
        let connection = RawConnection(port: echo.port)
        connection.send("GET /")
        while connection.next(within: .milliseconds(20)) == .silence {
            connection.send("a")
            try #require(ContinuousClock.now - begun < .seconds(30))
        }
        #expect(ContinuousClock.now - begun >= .milliseconds(300))
        #expect(echo.requests.isEmpty)
    }

    /// More than the kernel takes for a client that does not read.
    private static let large = [UInt8](repeating: 0x61, count: 64 << 20)

    @Test func `ends a connection of a client that does not read when its time is up`() throws {
        let echo = try Echo(Self.limits(duration: .milliseconds(300)), body: Self.large)
        let connection = RawConnection(port: echo.port)
        connection.send(Self.get)
        // It came first, so its time is up with that of one that came later.
        #expect(RawConnection(port: echo.port).isEnded())
        #expect(connection.answer().utf8.count < Self.large.count)
    }

    @Test func `answers others while an answer waits for its reader`() throws {
        let echo = try Echo(Self.limits(), body: Self.large)
        let connection = RawConnection(port: echo.port)
        connection.send(Self.get)
        #expect(echo.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("HTTP/1.1 200"))
        // It was open all the while, and is answered when it reads.
        #expect(connection.answer().utf8.count > Self.large.count)
    }

    @Test func `answers a client that says at once that it will write nothing more`() throws {
        let echo = try Echo()
        for _ in 0..<100 {
            let connection = RawConnection(port: echo.port)
            connection.send(Self.get)
            connection.finish()
            #expect(connection.answer().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `tells when an answer is on its way, and when it never will be`() async throws {
        let (sequels, sent) = AsyncStream.makeStream(of: String.self)
        let socket = try ListeningSocket(try #require(SocketAddress(literal: "127.0.0.1", port: 0)))
        let port = socket.port
        let server = try HTTPServer(on: socket) { request in
            let body = request.path == "/large" ? Self.large : Array(Self.large.prefix(1))
            return .now(ServerReply(HTTPResponse(status: 200, body: body)) { sent.yield(request.path) })
        }
        var iterator = sequels.makeAsyncIterator()
        let small = RawConnection(port: port)
        small.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await iterator.next() == "/small")
        #expect(small.answer().hasSuffix("\r\n\r\na"))
        let large = RawConnection(port: port)
        large.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = large.next()
        large.close()
        #expect(await iterator.next() == "/large")
        server.stop()
    }

    @Test func `stops at once whatever its clients do, and frees its port`() throws {
        let address = ownLoopbackAddress()
        let first = try Echo(Self.limits(), at: address)
        let silent = (0..<10).map { _ in RawConnection(port: first.port, of: address) }
        silent[0].send("GET /")
        #expect(throws: ServerError.self) { try Echo(at: address, port: first.port) }
        first.stop()
        first.stop()
        for connection in silent { #expect(connection.isEnded()) }
        let second = try Echo(at: address, port: first.port)
        #expect(second.ask(Self.get).hasPrefix("HTTP/1.1 200"))
    }

    @Test func `ends when nobody holds it`() throws {
        let address = ownLoopbackAddress()
        let port = try { try Echo(at: address).port }()
        _ = try Echo(at: address, port: port)
    }

    @Test func `says in the system's words why it cannot listen`() throws {
        let echo = try Echo()
        let taken = #expect(throws: ServerError.self) { try Echo(port: echo.port) }
        #expect(taken?.code == .cannotListen && taken?.description == "Address already in use")
        let foreign = try #require(SocketAddress(literal: "192.0.2.1", port: 0))
        let failure = #expect(throws: ServerError.self) { _ = try ListeningSocket(foreign).port }
        #expect(failure?.description == "Cannot assign requested address")
        #expect(ListeningSocket.obstacle(at: foreign) == failure?.description)
        let used = try #require(SocketAddress(literal: "127.0.0.1", port: echo.port))
        #expect(ListeningSocket.obstacle(at: used) == nil)
    }

    @Test func `listens on IPv6, and counts the addresses of one host as one`() throws {
        let socket = try ListeningSocket(try #require(SocketAddress(literal: "::1", port: 0)))
        #expect(socket.port != 0)
        for text in ["", "::g", "127.0.0.1.1", "[::1]", "localhost", "1.2.3"] {
            #expect(SocketAddress(literal: text, port: 1) == nil)
        }
        #expect(SocketAddress(literal: "::1", port: 7)?.description == "[::1]:7")
    }

    @Test func `lives through whatever is sent to it`() throws {
        var random = SeededGenerator(seed: randomSeed())
        let echo = try Echo(Self.limits())
        let pieces = [
            "GET / HTTP/1.1\r\n", "\r\n", "Host: a\r\n", "HTTP/1.1", "\0", "\r", "\n", " ", "%", "?", "&=", ":", "GET",
            "Transfer-Encoding: chunked\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: -1\r\n",
            "Expect: 100-continue\r\n", "Upgrade: x\r\nConnection: Upgrade\r\n", "\u{FEFF}é", "0\r\n\r\n",
        ]
        for _ in 0..<400 {
            let connection = RawConnection(port: echo.port)
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                if Bool.random(using: &random) {
                    connection.send(pieces.randomElement(using: &random) ?? "")
                } else {
                    connection.send((0..<9).map { _ in UInt8.random(in: .min ... .max, using: &random) })
                }
            }
            if Bool.random(using: &random) { connection.finish() }
        }
        #expect(echo.ask(Self.get).hasPrefix("HTTP/1.1 200"))
    }
}
