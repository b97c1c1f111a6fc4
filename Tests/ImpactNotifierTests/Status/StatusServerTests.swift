import ATProtocol
import Dispatch
import Logging
import Metrics
import Synchronization
import TestSupport
import Testing

@testable import ImpactNotifier

@Suite struct `The status endpoint` {
    private final class Daemon: Sendable {
        let pending = Mutex<[String]>([])
        let obstacle = Mutex<String?>(nil)
        let registry = MetricsRegistry()

        var source: StatusSource {
            StatusSource(
                pending: { self.pending.withLock { $0 } },
                obstacle: { self.obstacle.withLock { $0 } },
                status: { ["session": "ok", "queue": ["pending": 3]] },
                metrics: { self.registry.families() }
            )
        }
    }

    /// Asks on a thread of its own: the client blocks, and the server needs the pool's two threads.
    private func get(_ client: StatusClient, _ path: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "client").async { continuation.resume(with: Result { try client.get(path) }) }
        }
    }

    private func address(_ text: String) throws -> StatusAddress {
        try #require(StatusAddress(text))
    }

    private func server(_ text: String, _ daemon: Daemon = Daemon()) throws -> StatusServer {
        try StatusServer(
            address: address(text),
            source: daemon.source,
            logger: .silent
        )
    }

    /// Runs `body` beside a server on a free port of loopback.
    private func withServer(
        _ host: String = "127.0.0.1",
        _ daemon: Daemon = Daemon(),
        _ body: (StatusClient) async throws -> Void
    ) async throws {
        let server = try server("\(host):0", daemon)
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run() }
            let port = try await server.listeningPort()
            try await body(StatusClient(address: address("\(host):\(port)")))
            group.cancelAll()
        }
    }

    @Test func `tells that it is alive, what is the matter, and its numbers`() async throws {
        let daemon = Daemon()
        Gauge(label: "impact_notifier_dead_letters", factory: daemon.registry).record(4)
        try await withServer("127.0.0.1", daemon) { client throws in
            #expect(try await get(client, "/healthz") == "ok\n")
            #expect(try await get(client, "/status") == #"{"queue":{"pending":3},"session":"ok"}"# + "\n")
            #expect(try await get(client, "/metrics").contains("impact_notifier_dead_letters 4\n"))
        }
    }

    @Test func `is ready only when nothing is pending, and says then why nothing can be sent`() async throws {
        let daemon = Daemon()
        daemon.pending.withLock { $0 = ["stream"] }
        try await withServer("127.0.0.1", daemon) { client throws in
            let failure = await #expect(throws: StatusFailure.self) { try await get(client, "/readyz") }
            #expect(failure?.code == .unhealthy)
            #expect(failure?.detail == "HTTP/1.1 503 Service Unavailable: waiting for: stream")
            daemon.pending.withLock { $0 = [] }
            #expect(try await get(client, "/readyz") == "ok\n")
            daemon.obstacle.withLock { $0 = "the session needs a login; run “impact-notifier login”" }
            let text = try await get(client, "/readyz")
            #expect(text == "ok, but nothing can be sent: the session needs a login; run “impact-notifier login”\n")
        }
    }

    @Test func `knows nothing else`() async throws {
        try await withServer { client throws in
            let failure = await #expect(throws: StatusFailure.self) { try await get(client, "/etc/passwd") }
            #expect(failure?.detail == "HTTP/1.1 404 Not Found: not found")
        }
    }

    @Test func `listens on IPv6 and on every address`() async throws {
        try await withServer("[::1]") { client throws in #expect(try await get(client, "/healthz") == "ok\n") }
        try await withServer("0.0.0.0") { client throws in #expect(try await get(client, "/healthz") == "ok\n") }
    }

    @Test func `an address in use is an error that names it`() async throws {
        let first = try server("127.0.0.1:0")
        try await withThrowingTaskGroup { group in
            group.addTask { try await first.run() }
            let port = try await first.listeningPort()
            let second = try server("127.0.0.1:\(port)")
            let failure = await #expect(throws: StatusFailure.self) { try await second.run() }
            #expect(failure?.code == .cannotListen)
            #expect(
                failure?.description.hasPrefix("the status endpoint cannot listen on 127.0.0.1:\(port): Address")
                    == true
            )
            group.cancelAll()
        }
    }

    @Test func `nobody there is an error that says so`() async throws {
        let client = StatusClient(address: try address("127.0.0.1:1"))
        let failure = await #expect(throws: StatusFailure.self) { try await get(client, "/healthz") }
        #expect(failure?.description == "no daemon answers on 127.0.0.1:1: Connection refused")
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
