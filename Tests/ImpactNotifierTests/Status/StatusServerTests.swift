import ATProtocol
import Logging
import Metrics
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import ImpactNotifier

@Suite struct `The status endpoint` {
    private final class Daemon: Sendable {
        let pending = Mutex<[String]>([])
        let obstacle = Mutex<String?>(nil)
        let isSendingOff = Mutex(false)
        let registry = MetricsRegistry()

        var source: StatusSource {
            StatusSource(
                pending: { self.pending.withLock { $0 } },
                obstacle: { self.obstacle.withLock { $0 } },
                isSendingOff: { self.isSendingOff.withLock { $0 } },
                status: { ["session": "ok", "queue": ["pending": 3]] },
                metrics: { self.registry.families() },
                page: { StatusPage(account: "did:web:bot", at: 0, age: "", findings: [], sections: []) },
                sender: { "@bot.test" },
                request: { _, tell in tell(.success(nil)) }
            )
        }
    }

    private func get(_ client: StatusClient, _ path: String) async throws -> String {
        try await onThread { try client.get(path) }
    }

    private func address(_ text: String) throws -> StatusAddress {
        try #require(StatusAddress(text))
    }

    private func server(
        _ text: String,
        _ daemon: Daemon = Daemon(),
        hosts: [String] = []
    ) throws -> StatusServer {
        try StatusServer(
            at: address(text),
            StatusConfiguration(hosts: hosts),
            source: daemon.source,
            logger: .silent
        )
    }

    /// Runs `body` beside a server on a free port of loopback.
    private func withServer(
        _ host: String = ownLoopbackAddress(),
        _ daemon: Daemon = Daemon(),
        _ body: (StatusClient) async throws -> Void
    ) async throws {
        let server = try server("\(host):0", daemon)
        let running = Task { await server.run() }
        try await body(StatusClient(address: address("\(host):\(server.port)")))
        running.cancel()
        await running.value
        guard host.hasPrefix("127.") else { return }
        // The port is free again.
        _ = try self.server("\(host):\(server.port)")
    }

    /// The whole answer to a request, as it came.
    private func ask(_ server: StatusServer, _ request: String) async throws -> String {
        let port = server.port
        return try await onThread {
            let connection = RawConnection(port: port)
            connection.send(request)
            return connection.answer()
        }
    }

    @Test func `tells that it is alive, what is the matter, and its numbers`() async throws {
        let daemon = Daemon()
        Gauge(label: "impact_notifier_dead_letters", factory: daemon.registry).record(4)
        try await withServer(ownLoopbackAddress(), daemon) { client throws in
            #expect(try await get(client, "/healthz") == "ok\n")
            daemon.isSendingOff.withLock { $0 = true }
            #expect(try await get(client, "/healthz") == "ok, in shadow mode: nothing is sent\n")
            #expect(try await get(client, "/status") == #"{"queue":{"pending":3},"session":"ok"}"# + "\n")
            #expect(try await get(client, "/metrics").contains("impact_notifier_dead_letters 4\n"))
        }
    }

    @Test func `is ready only when nothing is pending, and says then why nothing can be sent`() async throws {
        let daemon = Daemon()
        daemon.pending.withLock { $0 = ["stream"] }
        try await withServer(ownLoopbackAddress(), daemon) { client throws in
            let failure = await #expect(throws: StatusError.self) { try await get(client, "/readyz") }
            #expect(failure?.code == .unhealthy)
            #expect(failure?.detail == "HTTP/1.1 503 Service Unavailable: waiting for: stream")
            daemon.pending.withLock { $0 = [] }
            #expect(try await get(client, "/readyz") == "ok\n")
            daemon.obstacle.withLock { $0 = "the session needs a login; run 'impact-notifier login'" }
            let text = try await get(client, "/readyz")
            #expect(text == "ok, but nothing can be sent: the session needs a login; run 'impact-notifier login'\n")
        }
    }

    @Test func `knows nothing else`() async throws {
        try await withServer { client throws in
            let failure = await #expect(throws: StatusError.self) { try await get(client, "/etc/passwd") }
            #expect(failure?.detail == "HTTP/1.1 404 Not Found: not found")
        }
    }

    @Test func `listens on IPv6 and on every address`() async throws {
        try await withServer("[::1]") { client throws in #expect(try await get(client, "/healthz") == "ok\n") }
        try await withServer("0.0.0.0") { client throws in #expect(try await get(client, "/healthz") == "ok\n") }
    }

    @Test func `an address in use is an error that names it`() async throws {
        let first = try server("127.0.0.1:0")
        let failure = #expect(throws: StatusError.self) { try server("127.0.0.1:\(first.port)") }
        #expect(failure?.code == .cannotListen)
        let text = "the status endpoint cannot listen on 127.0.0.1:\(first.port): Address already in use"
        #expect(failure?.description == "\(text); change status.listen or free the port")
    }

    @Test(arguments: ["/healthz", "/readyz", "/status", "/metrics", "/", "/other"])
    func `answers GET and HEAD alone`(path: String) async throws {
        let server = try server("127.0.0.1:0")
        let head = try await ask(server, "HEAD \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let full = try await ask(server, "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        func fields(_ answer: String) -> [Substring] {
            answer.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
                .filter { !$0.hasPrefix("Date: ") }
        }
        #expect(head.hasSuffix("\r\n\r\n") && fields(head) == fields(full))
        #expect(fields(full).contains { $0.hasPrefix("Content-Length: ") })
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = try await ask(
                server,
                "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n"
            )
            #expect(answer.hasPrefix("HTTP/1.1 405 ") && answer.contains("\r\nAllow: GET, HEAD\r\n"), "\(answer)")
        }
    }

    @Test func `shows people a page, under a policy that lets nothing else in`() async throws {
        let server = try server("127.0.0.1:0")
        let accept = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
        let page = try await ask(server, "GET / HTTP/1.1\r\nHost: localhost\r\n\(accept)\r\n\r\n")
        #expect(page.hasPrefix("HTTP/1.1 200 ") && page.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"))
        #expect(page.contains("\r\nContent-Security-Policy: \(StatusPage.securityPolicy)\r\n"), "\(page.prefix(1000))")
        #expect(page.contains("\r\nX-Content-Type-Options: nosniff\r\n") && page.hasSuffix("</html>\n"))
        let head = try await ask(server, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\(accept)\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"))
        let text = try await ask(server, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(text.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n") && text.contains("WELL: "))
        let other = try await ask(server, "GET / HTTP/1.1\r\nHost: evil.example\r\n\(accept)\r\n\r\n")
        #expect(other.hasPrefix("HTTP/1.1 421 ") && !other.contains("<html"))
    }

    @Test func `is not for pages that have made a name of their own lead to it`() async throws {
        let server = try server("127.0.0.1:0", hosts: ["notifier.example.org"])
        for host in ["evil.example", "evil.example:\(server.port)", "example.org"] {
            let answer = try await ask(server, "GET /status HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 421 ") && answer.contains("status.hosts"), "\(answer)")
            #expect(!answer.contains("session"))
        }
        for host in ["notifier.example.org", "localhost:1", "127.0.0.1", "10.0.0.1:9464", "[::1]:9464"] {
            let answer = try await ask(server, "GET /status HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
        }
        #expect(try await ask(server, "GET /healthz HTTP/1.0\r\n\r\n").contains(" 200 "))
        #expect(try await ask(server, "GET /healthz HTTP/1.1\r\n\r\n").contains(" 400 "))
        let two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
        #expect(try await ask(server, two).contains(" 400 "))
    }

    @Test func `nobody there is an error that says so`() async throws {
        let client = StatusClient(address: try address("127.0.0.1:1"))
        let failure = await #expect(throws: StatusError.self) { try await get(client, "/healthz") }
        #expect(failure?.description == "no daemon answers on 127.0.0.1:1: Connection refused")
    }

    @Test func `silence is an error when the client's patience is over`() async throws {
        let listener = LoopbackListener()
        defer { listener.stop() }
        let address = try address("127.0.0.1:\(listener.port)")
        let client = StatusClient(address: address, patience: .milliseconds(100))
        let failure = await #expect(throws: StatusError.self) { try await get(client, "/healthz") }
        #expect(failure?.description == "no daemon answers on \(address): Connection timed out")
    }

    @Test(arguments: ["127.0.0.1:9464", "[::1]:9464", "0.0.0.0:0"]) func `an address is a literal and a port`(
        text: String
    ) {
        #expect(StatusAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "9464", ":9464", "localhost:9464", "127.0.0.1:", "127.0.0.1:65536", "::1:9464", "[127.0.0.1]:1",
    ])
    func `anything else is none`(text: String) {
        #expect(StatusAddress(text) == nil)
    }
}
