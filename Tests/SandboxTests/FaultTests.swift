import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's faults` {
    private let http = CurlHTTPClient.loopback()

    private func outcome(_ network: SandboxNetwork, timeout: Duration = .seconds(5)) async -> String {
        let url = network.plcURL.with(path: "/_health")
        do { return "\(try await http.send(HTTPRequest(.get, url, timeout: timeout, isAlone: true)).status)" } catch {
            return error.code.rawValue
        }
    }

    @Test func `strike as often as ordered, on what the pattern names, and leave their trace`() async throws {
        let network = try await SandboxNetwork.start()
        network.faults.add(.pdsRateLimit(retryAfter: 1), on: "plc GET /_health", count: 2, skipping: 1)
        network.faults.add(.html404, on: "pds GET")
        var outcomes: [String] = []
        for _ in 0..<4 { outcomes.append(await outcome(network)) }
        #expect(outcomes == ["200", "429", "429", "200"])
        #expect(network.faults.fired == 2)
        #expect(network.faults.pending == 1)
        #expect(network.journal.entries(matching: "/_health").map(\.status) == [200, nil, nil, 200])
    }

    @Test func `reach below HTTP`() async throws {
        let network = try await SandboxNetwork.start()
        let rude: [Fault] = [
            .dropBefore, .dropAfter, .resetBefore, .resetAfter,
            Fault(.truncate(bytes: 3, resets: false), .afterHandling),
            Fault(.truncate(bytes: 60, resets: true), .afterHandling),
        ]
        for fault in rude {
            network.faults.add(fault, on: "_health")
            #expect(await outcome(network) == "connection-lost", "\(fault)")
        }
        network.faults.add(Fault(.silence(.seconds(10))), on: "_health")
        #expect(await outcome(network, timeout: .milliseconds(200)) == "timeout")
        network.faults.add(Fault(.trickle(bytes: 10, pause: .milliseconds(1))), on: "_health")
        #expect(await outcome(network) == "200")
    }

    @Test func `of a campaign are the same for the same seed`() async throws {
        func run() async throws -> [String] {
            let network = try await SandboxNetwork.start()
            network.faults.campaign([.html404, .plainText], on: "_health", share: 0.5, seed: 7)
            var outcomes: [String] = []
            for _ in 0..<20 { outcomes.append(await outcome(network)) }
            return outcomes
        }
        let first = try await run()
        #expect(Set(first) == ["200", "404", "503"])
        #expect(try await run() == first)
    }

    @Test func `can be ordered from outside`() async throws {
        let network = try await SandboxNetwork.start()
        func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
            let request = HTTPRequest(.post, network.controlURL.with(path: path), body: body.encoded)
            return try JSONValue(parsing: try await http.send(request).body)
        }
        #expect(try await post("/faults", ["on": "_health", "fault": "upstream-failure"])["pending"] == 1)
        #expect(await outcome(network) == "502")
        let account = try await post("/accounts", ["handle": "x.test"])
        let record: JSONValue = ["title": "t"]
        let written = try await post(
            "/records",
            ["repo": account["did"] ?? "", "collection": "org.example.changeRequest", "record": record]
        )
        #expect(written["uri"]?.string?.hasPrefix("at://did:plc:") == true)
        #expect(try await post("/faults", ["on": "x", "fault": "no such"])["error"] != nil)
    }
}
