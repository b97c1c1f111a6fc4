import COpenSSL
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

@Suite struct `Byte streams under TLS` {
    private func connector(_ server: StreamTLSServer, trusts: Bool = true) -> StreamConnector {
        StreamConnector(tls: TLSContext(extraAuthorities: trusts ? server.certificateFile : nil))
    }

    private func url(_ server: StreamTLSServer, host: String = "localhost") throws -> WebURL {
        try WebURL("https://\(host):\(server.port)/")
    }

    @Test(arguments: [(TLS1_3_VERSION, "TLSv1.3"), (TLS1_2_VERSION, "TLSv1.2")])
    func `both versions work, with server name and ALPN`(version: Int32, name: String) async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", version: version)
        defer { server.stop() }
        let report = try await StreamExchange.run(connector(server), url(server))
        #expect(report.failure == nil)
        #expect(report.answer == Array("ping".utf8))
        #expect(report.version == name)
        #expect(server.hellos == [.init(serverName: "localhost", resumed: false, proposal: "http/1.1")])
    }

    @Test(arguments: [TLS1_3_VERSION, TLS1_2_VERSION]) func `a reconnect resumes the session`(version: Int32)
        async throws
    {
        let server = try StreamTLSServer(names: "DNS:localhost", version: version)
        defer { server.stop() }
        let connector = connector(server)
        #expect(try await !StreamExchange.run(connector, url(server)).isResumed)
        #expect(try await StreamExchange.run(connector, url(server)).isResumed)
        #expect(server.hellos.map(\.resumed) == [false, true])
    }

    @Test(arguments: [TLS1_3_VERSION, TLS1_2_VERSION])
    func `a reconnect resumes the session of a connection that was left without a word`(version: Int32) async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", version: version, ending: .silence)
        defer { server.stop() }
        let connector = connector(server)
        #expect(try await !StreamExchange.run(connector, url(server), leaves: true).isResumed)
        #expect(try await StreamExchange.run(connector, url(server), leaves: true).isResumed)
    }

    @Test(arguments: [TLS1_3_VERSION, TLS1_2_VERSION], [StreamTLSServer.Ending.fin, .halfRecord])
    func `a reconnect resumes the session of a connection that was cut off`(
        version: Int32,
        ending: StreamTLSServer.Ending
    ) async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", version: version, ending: ending)
        defer { server.stop() }
        let connector = connector(server)
        #expect(try await !StreamExchange.run(connector, url(server)).isResumed)
        #expect(try await StreamExchange.run(connector, url(server)).isResumed)
    }

    @Test func `an address is checked against the certificate's addresses and not sent as a name`() async throws {
        let server = try StreamTLSServer(names: "IP:127.0.0.1")
        defer { server.stop() }
        let report = try await StreamExchange.run(connector(server), url(server, host: "127.0.0.1"))
        #expect(report.answer == Array("ping".utf8))
        #expect(server.hellos.first?.serverName == nil)
    }

    @Test(arguments: ["DNS:other.example", "DNS:*.localhost", "IP:127.0.0.1"])
    func `a certificate for another name is refused`(names: String) async throws {
        let server = try StreamTLSServer(names: names)
        defer { server.stop() }
        let report = try await StreamExchange.run(connector(server), url(server))
        #expect(report.failure?.code == .certificate)
        #expect(report.failure?.detail == "hostname mismatch")
    }

    @Test func `the subject's common name is no name of the host`() async throws {
        let server = try StreamTLSServer(names: "IP:127.0.0.1", subject: "localhost")
        defer { server.stop() }
        #expect(try await StreamExchange.run(connector(server), url(server)).failure?.code == .certificate)
    }

    @Test func `an authority that nobody trusts is refused`() async throws {
        let server = try StreamTLSServer(names: "DNS:localhost")
        defer { server.stop() }
        let report = try await StreamExchange.run(connector(server, trusts: false), url(server))
        #expect(report.failure?.code == .certificate)
    }

    @Test func `a missing file of authorities is named`() async throws {
        let connector = StreamConnector(tls: TLSContext(extraAuthorities: "/nonexistent/ca.pem"))
        let server = try StreamTLSServer(names: "DNS:localhost")
        defer { server.stop() }
        let failure = try await StreamExchange.run(connector, url(server)).failure
        #expect(failure?.code == .tls)
        #expect(failure?.detail.contains("/nonexistent/ca.pem") ?? false)
    }

    @Test(arguments: [StreamTLSServer.Ending.fin, .halfRecord])
    func `an end without close_notify is a truncation`(ending: StreamTLSServer.Ending) async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", ending: ending)
        defer { server.stop() }
        let report = try await StreamExchange.run(connector(server), url(server))
        #expect(report.answer == Array("ping".utf8))
        #expect(report.failure?.code == .truncated)
    }

    @Test func `an end behind bytes is heard although TCP stays open`() async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", ending: .closeNotifyAlone)
        defer { server.stop() }
        let report = try await StreamExchange.run(connector(server), url(server))
        #expect(report.answer == Array("ping".utf8))
        #expect(report.failure == nil)
    }

    @Test func `bytes before a forged record are handed out before the failure`() async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", ending: .forgedRecord)
        defer { server.stop() }
        let report = try await StreamExchange.run(connector(server), url(server))
        #expect(report.answer == Array("ping".utf8))
        #expect(report.failure?.code == .tls)
        #expect(report.failure?.detail.contains("bad record mac") ?? false)
    }

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "it answers in plain HTTP"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "it begins with 'SSH-2.0-OpenSSH_9.2'"), ("* OK", "it begins with '* OK'"),
        ("\u{5}", "it begins with the octets 05"), ("\0\0\u{12}\u{4}\0", "it begins with the octets 00 00 12 04 00"),
    ]) func `a server that does not speak TLS is refused at once`(words: String, found: String) async throws {
        let listener = LoopbackListener()
        defer { listener.stop() }
        listener.say(words)
        let url = try WebURL("https://127.0.0.1:\(listener.port)/")
        let failure = try await StreamExchange.run(StreamConnector(tls: TLSContext()), url).failure
        #expect(failure?.code == .tls)
        #expect(failure?.detail == "the server does not speak TLS on this port: \(found); check host and port")
    }

    @Test func `a server that never shakes hands meets the deadline`() async throws {
        let listener = LoopbackListener()
        defer { listener.stop() }
        var connector = StreamConnector(tls: TLSContext())
        connector.deadlines.tls = .milliseconds(200)
        let failure = try await StreamExchange.run(connector, WebURL("https://127.0.0.1:\(listener.port)/")).failure
        #expect(failure?.code == .timeout)
        #expect(failure?.detail == "the TLS handshake was not complete in time")
    }
}
