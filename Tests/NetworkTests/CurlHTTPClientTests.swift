import Testing

@testable import Network

@Suite struct `The HTTP client` {
    let client = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: true))

    private func url(_ server: ScriptedServer, _ path: String = "/") throws -> WebURL {
        try WebURL("http://127.0.0.1:\(server.port)\(path)")
    }

    @Test func `returns status, fields and body of an answer`() async throws {
        let server = ScriptedServer([
            .answer("HTTP/1.1 404 Not Found\r\nX-One: a\r\nx-one:  b \r\nContent-Length: 4\r\n\r\nbody")
        ])
        defer { server.stop() }
        let response = try await client.send(HTTPRequest(.get, try url(server, "/a?b=c")))
        #expect(response.status == 404)
        #expect(response.headers.values(of: "X-ONE") == ["a", "b"])
        #expect(String(decoding: response.body, as: UTF8.self) == "body")
        #expect(server.requests.first?.hasPrefix("GET /a?b=c HTTP/1.1\r\n") == true)
    }

    @Test func `sends a POST exactly once although the connection dies after it was read`() async throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"
        let server = ScriptedServer([.answer(ok), .drop, .answer(ok)])
        defer { server.stop() }
        _ = try await client.send(HTTPRequest(.get, try url(server)))
        let failure = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.post, try url(server), body: Array("once".utf8)))
        }
        #expect(failure?.code == .connectionLost)
        #expect(failure?.mayHaveBeenSent == true)
        #expect(server.requests.filter { $0.hasPrefix("POST") }.count == 1)
    }

    @Test func `takes an answer that ends in its head for none`() async throws {
        let server = ScriptedServer([.answerAndClose("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-")])
        defer { server.stop() }
        let failure = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.post, try url(server)))
        }
        #expect(failure?.code == .connectionLost)
        #expect(failure?.mayHaveBeenSent == true)
    }

    @Test func `sends an empty POST with a length of zero`() async throws {
        let server = ScriptedServer([.answerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        defer { server.stop() }
        _ = try await client.send(HTTPRequest(.post, try url(server)))
        #expect(server.requests.first?.contains("Content-Length: 0\r\n") == true)
    }

    @Test func `follows no redirect`() async throws {
        let server = ScriptedServer([.answer("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")])
        defer { server.stop() }
        #expect(try await client.send(HTTPRequest(.get, try url(server))).status == 302)
        #expect(server.requests.count == 1)
    }

    @Test func `ends at the size limit`() async throws {
        let server = ScriptedServer([.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345")])
        defer { server.stop() }
        let request = HTTPRequest(.get, try url(server), maximumBody: 4)
        let failure = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(failure?.code == .tooLarge)
    }

    @Test func `ends at the deadline and says that the request may have arrived`() async throws {
        let server = ScriptedServer([.silence])
        defer { server.stop() }
        let request = HTTPRequest(.get, try url(server), timeout: .seconds(2))
        let failure = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(failure?.code == .timeout)
        #expect(failure?.mayHaveBeenSent == true)
    }

    @Test func `ends when its task is cancelled`() async throws {
        let server = ScriptedServer([.silence])
        defer { server.stop() }
        let request = HTTPRequest(.get, try url(server))
        let task = Task { try await client.send(request) }
        task.cancel()
        let failure = await #expect(throws: HTTPError.self) { try await task.value }
        #expect(failure?.code == .cancelled)
    }

    @Test func `reports a refused connection as one that sent nothing`() async throws {
        // Nobody listens there, and no server of another test ever will.
        let address = try WebURL("http://127.0.0.1:1/")
        let failure = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.post, address)) }
        #expect(failure?.code == .connect)
        #expect(failure?.mayHaveBeenSent == false)
    }

    @Test func `refuses plain HTTP and a stranger's loopback without the development switch`() async throws {
        let strict = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test"))
        for text in ["http://127.0.0.1:1/", "http://localhost/"] {
            let request = HTTPRequest(.get, try WebURL(text))
            let failure = await #expect(throws: HTTPError.self) { try await strict.send(request) }
            #expect(failure?.code == .unsupported)
        }
    }

    private func transfer(to address: String, reach: HTTPRequest.Reach) throws -> CurlTransfer {
        CurlTransfer(
            request: HTTPRequest(.get, try WebURL(address), reach: reach),
            configuration: HTTPClientConfiguration(userAgent: "test")
        )
    }

    @Test func `a refused address beside a public one does not make a passing trouble a lasting one`() throws {
        let mixed = try transfer(to: "https://pds.example.com/", reach: .stranger)
        #expect(!mixed.admits([0xFD] + [UInt8](repeating: 1, count: 15)))
        #expect(mixed.refusal != nil)
        #expect(mixed.admits([1, 1, 1, 1]))
        #expect(mixed.refusal == nil, "what fails now is the public address")
    }

    @Test func `a stranger's request is not made on a connection to where a stranger may not go`() throws {
        let addresses = ["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "", "host"]
        for address in addresses {
            #expect(try !transfer(to: "https://pds.example.com/", reach: .stranger).admits(peer: address), "\(address)")
        }
        for address in ["1.1.1.1", "2606:4700:4700::1111"] {
            #expect(try transfer(to: "https://pds.example.com/", reach: .stranger).admits(peer: address), "\(address)")
        }
        #expect(try transfer(to: "https://pds.example.com/", reach: .trusted).admits(peer: "10.0.0.1"))
    }

    /// Sends past the guard of names, as a name would that leads where it may not.
    private func send(_ server: ScriptedServer, _ reach: HTTPRequest.Reach, over loop: CurlLoop) async throws
        -> Result<HTTPResponse, HTTPError>
    {
        let transfer = CurlTransfer(
            request: HTTPRequest(.get, try url(server), reach: reach),
            configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: reach == .trusted)
        )
        return await withCheckedContinuation { continuation in
            transfer.continuation = continuation
            loop.post(.start(transfer))
        }
    }

    @Test func `a stranger's request does not share the connection of a trusted one`() async throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let server = ScriptedServer([.answer(ok), .answer(ok), .answer(ok)])
        defer { server.stop() }
        let loop = CurlLoop.start(connectionsPerHost: 1)
        defer { loop.stop() }
        #expect(try await send(server, .trusted, over: loop).get().status == 200)
        let refused = await #expect(throws: HTTPError.self) { try await send(server, .stranger, over: loop).get() }
        #expect(refused?.code == .refusedHost && refused?.mayHaveBeenSent == false)
        #expect(server.requests.count == 1)
    }

    @Test func `a request after the end of the thread gets an answer`() async throws {
        let server = ScriptedServer([])
        defer { server.stop() }
        let loop = CurlLoop.start(connectionsPerHost: 1)
        loop.stop()
        let late = await #expect(throws: HTTPError.self) { try await send(server, .trusted, over: loop).get() }
        #expect(late?.code == .cancelled)
    }

    @Test func `checks the peer of a stranger's request before it is sent`() async throws {
        let server = ScriptedServer([.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        defer { server.stop() }
        let answer = try await client.send(HTTPRequest(.get, try url(server), reach: .stranger))
        #expect(answer.status == 200, "loopback by the development switch")
    }

    @Test func `a task that is cancelled before its request begins gets an answer, too`() async throws {
        let server = ScriptedServer([.silence])
        defer { server.stop() }
        let request = HTTPRequest(.get, try url(server))
        for _ in 0..<500 {
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await client.send(request)
            }
            let failure = await #expect(throws: HTTPError.self) { try await task.value }
            #expect(failure?.code == .cancelled)
        }
    }

    @Test(arguments: ["a\r\nX-Other: b", "a\nb", "a\0b", "\u{7F}"])
    func `a header field cannot smuggle a line`(value: String) async throws {
        let server = ScriptedServer([])
        defer { server.stop() }
        let request = HTTPRequest(.get, try url(server), headers: ["DPoP": value])
        let failure = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(failure?.code == .unsupported && failure?.mayHaveBeenSent == false)
    }

    @Test func `refuses a stranger's name that leads to a loopback address, at connect time`() async throws {
        let strict = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test"))
        let transfer = CurlTransfer(
            request: HTTPRequest(.get, try WebURL("https://rebind.example.com/"), reach: .stranger),
            configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: true)
        )
        #expect(!transfer.admits([127, 0, 0, 1]))
        #expect(!transfer.admits([10, 0, 0, 1]))
        #expect(transfer.admits([1, 1, 1, 1]))
        let request = HTTPRequest(.get, try WebURL("https://localhost/"), reach: .stranger)
        let failure = await #expect(throws: HTTPError.self) { try await strict.send(request) }
        #expect(failure?.code == .refusedHost)
    }
}
