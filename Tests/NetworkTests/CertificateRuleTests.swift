import TestSupport
import Testing

@testable import Network

/// The same certificates for libcurl's connections and for those of the streams.
@Suite struct `Whom a certificate is for` {
    /// A certificate, the host that is asked for, and what is said of it; nil when it is accepted.
    struct Row: CustomTestStringConvertible, Sendable {
        var names: String?
        var subject = "test"
        var host: String
        var objection: String?

        var testDescription: String { "\(names ?? "no names"), CN \(subject), for \(host)" }
    }

    private static let other = "the certificate is for another name"
    private static let none = "the certificate has no subject alternative name"
    /// libcurl's own words: it judges first.
    private static let unmatched = "no alternative certificate subject name matches"

    // libcurl takes every name below `localhost` for a loopback address by itself (RFC 6761 §6.3).
    static let rows = [
        Row(names: "DNS:localhost", host: "localhost"),
        Row(names: "DNS:LocalHost", host: "localhost"),
        Row(names: "DNS:other.example,DNS:localhost", host: "localhost"),
        Row(names: "IP:127.0.0.1", host: "127.0.0.1"),
        Row(names: "DNS:*.app.localhost", host: "a.app.localhost"),
        Row(names: nil, subject: "localhost", host: "localhost", objection: none),
        Row(names: nil, subject: "127.0.0.1", host: "127.0.0.1", objection: none),
        Row(names: "email:localhost@example.com", subject: "localhost", host: "localhost", objection: none),
        Row(names: "URI:https://localhost/", subject: "localhost", host: "localhost", objection: none),
        Row(names: "DNS:other.example", subject: "localhost", host: "localhost", objection: other),
        Row(names: "IP:127.0.0.1", subject: "localhost", host: "localhost", objection: other),
        Row(names: "IP:127.0.0.2", subject: "127.0.0.1", host: "127.0.0.1", objection: unmatched),
        Row(names: "DNS:127.0.0.1", subject: "127.0.0.1", host: "127.0.0.1", objection: unmatched),
        Row(names: "DNS:a*.app.localhost", host: "ab.app.localhost", objection: other),
        Row(names: "DNS:*b.app.localhost", host: "ab.app.localhost", objection: other),
        Row(names: "DNS:*.app.localhost", host: "app.localhost", objection: other),
        Row(names: "DNS:*.app.localhost", host: "a.b.app.localhost", objection: other),
        Row(names: "DNS:a.*.localhost", host: "a.app.localhost", objection: other),
        Row(names: "DNS:*.localhost", host: "app.localhost", objection: other),
        Row(names: "DNS:*", host: "localhost", objection: other),
        Row(names: "DNS:.app.localhost", host: "a.app.localhost", objection: other),
    ]

    @Test(arguments: rows) func `libcurl's connections go by the alternative names alone`(row: Row) async throws {
        let server = try StreamTLSServer(names: row.names, subject: row.subject, converse: HTTPAnswer.give)
        defer { server.stop() }
        let client = CurlHTTPClient(
            configuration: HTTPClientConfiguration(
                userAgent: "test",
                allowsLoopback: true,
                certificateAuthorityFile: server.certificateFile
            )
        )
        let request = HTTPRequest(.get, try WebURL("https://\(row.host):\(server.port)/"))
        guard let objection = row.objection else {
            #expect(try await client.send(request).status == 204)
            return
        }
        let failure = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(failure?.code == .tls && failure?.mayHaveBeenSent == false)
        #expect(failure?.detail.contains(objection) == true, "\(failure?.detail ?? "")")
    }

    @Test(arguments: rows) func `a stream's connections do the same`(row: Row) async throws {
        let server = try StreamTLSServer(names: row.names, subject: row.subject)
        defer { server.stop() }
        // A proxy leads every name here; addresses of this machine are never asked of one.
        let proxy = RelayingProxy(to: server.port)
        defer { proxy.stop() }
        var connector = StreamConnector(tls: TLSContext(extraAuthorities: server.certificateFile))
        connector.proxy = try ProxySettings(environment: ["https_proxy": "http://127.0.0.1:\(proxy.port)"])
        let url = try WebURL("https://\(row.host):\(server.port)/")
        let failure = try await StreamExchange.run(connector, url).failure
        #expect(failure?.code == (row.objection == nil ? nil : .certificate), "\(failure?.detail ?? "")")
    }

    @Test func `an authority that nobody knows is said with what a middlebox may have to do with it`() async throws {
        let server = try StreamTLSServer(names: "DNS:localhost", converse: HTTPAnswer.give)
        defer { server.stop() }
        let url = try WebURL("https://localhost:\(server.port)/")
        let client = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test", allowsLoopback: true))
        let failure = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, url)) }
        #expect(failure?.code == .tls)
        let stream = try await StreamExchange.run(StreamConnector(tls: TLSContext()), url).failure
        #expect(stream?.code == .certificate)
        for detail in [failure?.detail, stream?.detail] {
            #expect(detail?.contains("network.certificate_authority_file") == true, "\(detail ?? "")")
        }
    }

    @Test(arguments: [
        ("OpenSSL/3.0.17", true), ("OpenSSL/3.5.1 (GnuTLS/3.8.9)", true), ("OpenSSL/1.1.1w", false),
        ("(OpenSSL/3.0.17) GnuTLS/3.8.9", false), ("GnuTLS/3.7.9", false), ("LibreSSL/3.9.2", false),
        ("BoringSSL", false), ("no TLS library", false), ("", false),
    ]) func `a libcurl with another TLS library is named before anything is sent`(library: String, isOurs: Bool) {
        let obstacle = CertificateRule.obstacle(library: library)
        #expect((obstacle == nil) == isOurs)
        #expect(obstacle?.contains(library) != false)
    }

    @Test func `this libcurl is bound by the rule`() {
        #expect(CertificateRule.obstacle == nil)
        #expect(CurlHTTPClient.obstacle == nil)
    }
}
