import Testing

@testable import Network

@Suite struct `CONNECT proxies` {
    @Test func `the environment is read as curl reads it`() throws {
        let settings = try ProxySettings(environment: [
            "https_proxy": "http://us%40er:pa:ss@proxy.example:3128", "no_proxy": ".internal, example.org",
        ])
        #expect(settings.proxy?.description == "http://proxy.example:3128/")
        // us@er:pa:ss
        #expect(settings.authorization == "Basic dXNAZXI6cGE6c3M=")
        #expect(settings.proxy(for: "jetstream.example")?.host == "proxy.example")
        for host in ["internal", "a.internal", "example.org", "www.example.org", "localhost", "127.0.0.9", "::1"] {
            #expect(settings.proxy(for: host) == nil, "\(host)")
        }
        #expect(settings.proxy(for: "notexample.org") != nil)
        #expect(try ProxySettings(environment: ["HTTPS_PROXY": "p:1"]).proxy?.authority == "p:1")
        #expect(
            try ProxySettings(environment: ["https_proxy": "http://p", "no_proxy": "*"]).proxy(for: "x.example") == nil
        )
        #expect(throws: WebURLError.self) { try ProxySettings(environment: ["https_proxy": "socks5://p"]) }
        #expect(try ProxySettings(environment: [:]) == .none)
    }

    /// A proxy that answers CONNECT with this; the tunnel leads nowhere.
    private func meet(_ answer: String, deadline: Duration = .seconds(20)) async throws -> (
        StreamFailure?, [String]
    ) {
        let server = ScriptedServer([answer.isEmpty ? .silence : .answerAndClose(answer)])
        defer { server.stop() }
        let settings = try ProxySettings(environment: ["https_proxy": "http://user:secret@127.0.0.1:\(server.port)"])
        let deadlines = StreamDeadlines(proxy: deadline, tls: .seconds(20))
        let connector = StreamConnector(tls: TLSContext(), proxy: settings, deadlines: deadlines)
        let report = try await StreamExchange.run(connector, WebURL("https://jetstream.example/"))
        return (report.failure, server.requests)
    }

    @Test func `the proxy resolves the name, and gets its own credentials`() async throws {
        let (failure, requests) = try await meet("HTTP/1.1 200 Connection established\r\n\r\n")
        #expect(
            requests == [
                "CONNECT jetstream.example:443 HTTP/1.1\r\nHost: jetstream.example:443\r\n"
                    + "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
            ]
        )
        // The tunnel stood, and broke in the TLS handshake behind it.
        #expect(failure?.code != .proxy)
    }

    @Test func `a refusal carries the proxy's words and no credentials`() async throws {
        let (failure, _) = try await meet("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        #expect(failure?.code == .proxy)
        #expect(failure?.detail == "the proxy answered “HTTP/1.1 407 Proxy Authentication Required”")
    }

    @Test(arguments: ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 200"]) func `an answer that is not HTTP is refused`(answer: String)
        async throws
    {
        #expect(try await meet(answer).0?.code == .proxy)
    }

    @Test func `a silent proxy meets the deadline`() async throws {
        let (failure, _) = try await meet("", deadline: .milliseconds(300))
        #expect(failure?.code == .timeout)
        #expect(failure?.detail == "the proxy's answer was not complete in time")
    }
}
