import Glibc
import TestSupport
import Testing

@testable import Network

/// HTTP and streams through the same proxy, by the same settings.
@Suite struct `HTTP through a proxy` {
    private func client(_ environment: [String: String], trusting file: String? = nil) throws -> CurlHTTPClient {
        CurlHTTPClient(
            configuration: HTTPClientConfiguration(
                userAgent: "test",
                certificateAuthorityFile: file,
                proxy: try ProxySettings(environment: environment)
            )
        )
    }

    @Test(arguments: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
    func `asks for the same tunnel as a stream, with the same credentials`(variable: String) async throws {
        let server = try StreamTLSServer(names: "DNS:pds.invalid") { peer in
            // The whole of what a stream says here, or the start of a request.
            guard peer.read(4) == Array("ping".utf8) else { return HTTPAnswer.give(peer) }
            peer.write(Array("pong".utf8))
        }
        defer { server.stop() }
        let proxy = RelayingProxy(to: server.port)
        defer { proxy.stop() }
        let environment = [variable: "us%40er:pa:ss@127.0.0.1:\(proxy.port)"]
        let url = try WebURL("https://pds.invalid:\(server.port)/")
        let client = try client(environment, trusting: server.certificateFile)
        #expect(try await client.send(HTTPRequest(.get, url)).status == 204)
        var connector = StreamConnector(tls: TLSContext(extraAuthorities: server.certificateFile))
        connector.proxy = try ProxySettings(environment: environment)
        _ = try await StreamExchange.run(connector, url, leaves: true)
        #expect(proxy.requests.count == 2)
        for request in proxy.requests {
            let lines = request.split(separator: "\r\n")
            let credentials = lines.filter { $0.hasPrefix("Proxy-Authorization:") }
            #expect(lines.first == "CONNECT pds.invalid:\(server.port) HTTP/1.1")
            #expect(credentials == ["Proxy-Authorization: Basic dXNAZXI6cGE6c3M="])
        }
    }

    @Test(arguments: [
        ("https://pds.example", HTTPRequest.Reach.trusted, true), ("https://pds.example", .stranger, false),
        ("https://b.example", .trusted, false), ("https://127.0.0.1:1", .trusted, false),
        ("http://localhost:1", .trusted, false),
    ]) func `is for whom the operator trusts, but exceptions and loopback`(
        address: String,
        reach: HTTPRequest.Reach,
        isProxied: Bool
    ) throws {
        let environment = ["https_proxy": "http://p.example:1", "no_proxy": "b.example", "http_proxy": "http://q:1"]
        let transfer = CurlTransfer(
            request: HTTPRequest(.get, try WebURL(address), reach: reach),
            configuration: HTTPClientConfiguration(userAgent: "t", proxy: try ProxySettings(environment: environment))
        )
        #expect((transfer.proxy != nil) == isProxied)
    }

    @Test(arguments: [
        (407, "it wants a user name and password; write https_proxy=http://USER:PASSWORD@127.0.0.1:"),
        (403, "have it allow CONNECT to pds.invalid:443"), (502, "it does not reach pds.invalid:443"),
    ]) func `says what a proxy's refusal is, and that nothing was sent`(status: Int, words: String) async throws {
        let proxy = ScriptedServer([.answerAndClose("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")])
        defer { proxy.stop() }
        let client = try client(["https_proxy": "http://127.0.0.1:\(proxy.port)"])
        let request = HTTPRequest(.post, try WebURL("https://pds.invalid/"), body: Array("once".utf8))
        let failure = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(failure?.code == .connect)
        #expect(failure?.mayHaveBeenSent == false)
        #expect(failure?.detail.contains("answered \(status): \(words)") == true, "\(failure?.detail ?? "")")
    }

    @Test func `has sent nothing through a tunnel that ends before TLS stands in it`() async throws {
        let proxy = ScriptedServer([.answerAndClose("HTTP/1.1 200 Connection established\r\n\r\n")])
        defer { proxy.stop() }
        let client = try client(["https_proxy": "http://127.0.0.1:\(proxy.port)"])
        let request = HTTPRequest(.post, try WebURL("https://pds.invalid/"), body: Array("once".utf8))
        let failure = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(failure?.mayHaveBeenSent == false, "\(failure?.detail ?? "")")
    }

    @Test func `names the proxy when it is not there`() async throws {
        let client = try client(["ALL_PROXY": "http://127.0.0.1:1"])
        let request = HTTPRequest(.get, try WebURL("https://pds.invalid/"))
        let failure = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(failure?.code == .connect)
        #expect(failure?.detail.hasSuffix("; through the proxy 127.0.0.1:1 (ALL_PROXY)") == true)
    }

    @Test func `reads no variable by itself`() async {
        await #expect(processExitsWith: .success) {
            let proxy = ScriptedServer([])
            for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                unsafe setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
            }
            let direct = CurlHTTPClient(configuration: HTTPClientConfiguration(userAgent: "test"))
            let request = HTTPRequest(.get, try WebURL("https://pds.invalid/"), timeout: .seconds(5))
            let answer = try? await direct.send(request)
            guard answer == nil, proxy.requests.isEmpty else { exit(EXIT_FAILURE) }
            // Nor what is excepted.
            unsafe setenv("no_proxy", "*", 1)
            let settings = try ProxySettings(environment: ["https_proxy": "http://127.0.0.1:\(proxy.port)"])
            let configuration = HTTPClientConfiguration(userAgent: "test", proxy: settings)
            let proxied = CurlHTTPClient(configuration: configuration)
            let second = try? await proxied.send(request)
            guard second == nil, !proxy.requests.isEmpty else { exit(EXIT_FAILURE) }
            exit(EXIT_SUCCESS)
        }
    }
}
