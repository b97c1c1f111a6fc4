import Glibc
import Sandbox
import TestSupport
import Testing

@testable import Network

@Suite struct `CONNECT proxies` {
    /// A proxy that answers CONNECT with this; the tunnel leads nowhere.
    private func meet(_ answer: String, deadline: Duration = .seconds(20)) async throws -> (
        StreamError?, [String]
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

    @Test(arguments: [
        "HTTP/1.0 200 Connection established\r\nProxy-Agent: x\r\n\r\n", "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\nX: y\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1  200\tOK\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    ]) func `a proxy that agrees is understood however it says so`(answer: String) async throws {
        let (failure, _) = try await meet(answer)
        #expect(failure != nil && failure?.code != .proxy, "\(failure?.detail ?? "")")
        #expect(failure?.detail.contains("; through the proxy 127.0.0.1:") == true)
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required", "the user name and password in https_proxy; correct them"),
        ("HTTP/1.1 403 Forbidden", "have it allow CONNECT to jetstream.example:443"),
        ("HTTP/1.0 503 Service Unavailable", "it does not reach jetstream.example:443"),
        ("HTTP/1.1 302 Found", "name the host in no_proxy"),
    ]) func `a refusal says what can be done, and no credentials`(line: String, words: String) async throws {
        let (failure, _) = try await meet("\(line)\r\nContent-Length: 0\r\n\r\n")
        #expect(failure?.code == .proxy)
        #expect(failure?.detail.contains("answered \(line.split(separator: " ")[1])") == true)
        #expect(failure?.detail.contains(words) == true, "\(failure?.detail ?? "")")
        #expect(failure?.detail.contains("secret") == false)
    }

    @Test func `a proxy that never comes to its final answer is given up`() async throws {
        let (failure, _) = try await meet(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 20))
        #expect(failure?.code == .proxy && failure?.detail.contains("16 interim answers") == true)
    }

    @Test func `credentials are octets, of whatever encoding`() throws {
        let proxy = try HTTPProxy("http://u:gr%FCn@p.example:3128", variable: "https_proxy")
        #expect(proxy.authorization == "Basic dTpncvxu")
    }

    @Test func `who has no credentials hears how they are written`() throws {
        let proxy = try HTTPProxy("p.example:3128", variable: "ALL_PROXY")
        let words = "write ALL_PROXY=http://USER:PASSWORD@p.example:3128"
        #expect(proxy.refusal(407, to: "a.example:443").contains(words))
    }

    @Test(arguments: [
        ("SSH-2.0-OpenSSH_9.2\r\n", "it begins with 'SSH-2.0-OpenSSH_9.2'"),
        ("220 mail.example ESMTP\r\n", "'220 mail"), ("HTTP/2 200\r\n\r\n", "another version of HTTP"),
        ("\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{46}", "speaks TLS, which is not supported"), ("\u{5}", "the octets 05"),
        ("<html>", "'<html>'"),
    ]) func `who is no HTTP proxy is told at once`(answer: String, words: String) async throws {
        let listener = LoopbackListener()
        defer { listener.stop() }
        listener.say(answer)
        let settings = try ProxySettings(environment: ["https_proxy": "http://127.0.0.1:\(listener.port)"])
        let connector = StreamConnector(tls: TLSContext(), proxy: settings)
        let failure = try await StreamExchange.run(connector, WebURL("https://jetstream.example/")).failure
        #expect(failure?.code == .proxy)
        #expect(failure?.detail.contains(words) == true, "\(failure?.detail ?? "")")
    }

    @Test(arguments: ["HTTP/1.1 200", "HTTP/1.1 2oo OK\r\n\r\n", "HTTP/1.1\r\n\r\n"])
    func `an answer that is none is refused`(answer: String) async throws {
        #expect(try await meet(answer).0?.code == .proxy)
    }

    @Test func `a silent proxy meets the deadline`() async throws {
        let (failure, _) = try await meet("", deadline: .milliseconds(300))
        #expect(failure?.code == .timeout)
        #expect(failure?.detail.hasPrefix("the proxy's answer was not complete in time; through the proxy") == true)
    }

    @Test func `a proxy that is not there is named with its variable`() async throws {
        let settings = try ProxySettings(environment: ["ALL_PROXY": "http://127.0.0.1:1"])
        let connector = StreamConnector(tls: TLSContext(), proxy: settings)
        let failure = try await StreamExchange.run(connector, WebURL("https://jetstream.example/")).failure
        #expect(failure?.code == .connect)
        #expect(failure?.detail.hasSuffix("; through the proxy 127.0.0.1:1 (ALL_PROXY)") == true)
    }
}
