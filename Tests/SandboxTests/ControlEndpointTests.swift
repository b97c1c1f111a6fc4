import ATProtocol
import Network
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's control endpoint` {
    /// What is looked at after a fault was ordered.
    enum Probe: Sendable {
        case refresh
        case call
        case issuer
        case tokenEndpoint
        case date
    }

    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let client: StrictClient

    init() async throws {
        (network, bot, client) = try await StrictClient.start()
    }

    private func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        let request = HTTPRequest(.post, network.controlURL.with(path: path), body: body.encoded)
        return try JSONValue(parsing: try await client.http.send(request).body)
    }

    /// `DELETE /faults`, a method that our client does not have.
    private func lift() {
        let request = IncomingRequest(server: "control", method: "DELETE", target: "/faults", headers: [:], body: [])
        #expect(ControlEndpoint.answer(request, of: network).status == 200)
    }

    private func look(_ probe: Probe, _ tokens: StrictClient.Tokens) async throws -> String {
        func member(_ url: WebURL, _ name: String) async throws -> String {
            let value = try JSONValue(parsing: try await client.get(url).body)[name]
            return value?.string ?? value?[0]?.string ?? ""
        }
        switch probe {
        case .refresh: return StrictClient.description(try await client.refresh(tokens))
        case .call: return StrictClient.description(try await client.getSession(tokens))
        case .issuer:
            let url = network.pdsURL.with(path: "/.well-known/oauth-protected-resource")
            return try await member(url, "authorization_servers")
        case .tokenEndpoint:
            let url = network.authorizationServerURL.with(path: "/.well-known/oauth-authorization-server")
            return try await member(url, "token_endpoint")
        case .date:
            let date = try await client.getSession(tokens).headers["Date"].flatMap(HTTPDate.seconds) ?? 0
            return "\(((date - network.clock.now().seconds) / 3600).rounded())"
        }
    }

    @Test(
        arguments: [
            (["fault": "store-error", "seconds": 600], .refresh, "400 invalid_grant Invalid refresh token"),
            (["fault": "store-error", "on": "pds"], .call, "401 invalid_token Invalid token"),
            (["fault": "rotation-error", "count": 1], .refresh, "500 server_error Server error"),
            (["fault": "slow-rotation", "milliseconds": 1], .refresh, "200 - -"),
            (["fault": "other-issuer", "issuer": "https://a.example.org"], .issuer, "https://a.example.org"),
            (["fault": "moved-token-endpoint", "status": 410], .refresh, "410 There is no token endpoint here."),
            (["fault": "moved-token-endpoint"], .tokenEndpoint, "/oauth/token/v2"),
            (["fault": "wrong-date", "offset": -7200], .date, "-2.0"),
            (["fault": "quoted-token"], .refresh, "200 - -"),
            (["fault": "html-page", "on": "as POST /oauth/token"], .refresh, "200 <html>"),
            (["fault": "proxy-401", "on": "/oauth/token", "seconds": 600], .refresh, "401 Unauthorized"),
            (["fault": "proxy-401-html", "on": "/oauth/token", "seconds": 600], .refresh, "401 <html>"),
            (
                ["fault": "respond", "on": "/oauth/token", "status": 503, "body": ["error": "busy"]], .refresh,
                "503 busy -"
            ),
        ] as [(JSONValue, Probe, String)]
    ) func `orders each fault by its name, and lifts it`(
        order: JSONValue,
        probe: Probe,
        answer: String
    ) async throws {
        let tokens = try await client.logIn(bot)
        #expect(try await post("/faults", order)["pending"] == 1)
        let seen = try await look(probe, tokens)
        #expect(seen.contains(answer), "\(seen)")
        lift()
        #expect(network.faults.pending == 0)
        let calm = try await look(probe, try await client.logIn(bot))
        #expect(calm != seen || answer == "200 - -", "\(calm)")
    }

    @Test func `knows every fault that it names, and says so of no other`() async throws {
        for name in Fault.names {
            let answer = try await post("/faults", ["fault": .string(name), "on": "nothing", "status": 500])
            #expect(answer["pending"] != nil, "\(name)")
        }
        let refusal = try await post("/faults", ["fault": "no such", "on": "x"])["error"]?.string ?? ""
        for name in Fault.names { #expect(refusal.contains(name), "\(name)") }
        #expect(try await post("/faults", ["fault": "html-page"])["error"]?.string?.contains("“on”") == true)
    }

    @Test func `is not struck itself`() async throws {
        func status() async throws -> Int { try await client.get(network.plcURL.with(path: "/_health")).status }
        #expect(try await post("/faults", ["fault": "html-404", "on": "", "seconds": 600])["pending"] == 1)
        #expect(try await status() == 404)
        #expect(try await post("/clock", ["seconds": 600])["now"] != nil)
        #expect(try await status() == 200)
    }

    @Test func `hosts clients and takes on personalities`() async throws {
        let id = "https://client.example.org/a.json"
        _ = try await post("/clients", ["client_id": .string(id), "metadata": ["client_id": .string(id)]])
        let form = [("client_id", id)]
        let answer = StrictClient.description(try await client.post("/oauth/par", form))
        #expect(answer.contains("Validation of \"redirect_uris\" failed"), "\(answer)")
        #expect(try await post("/personality", ["name": "cocoon"])["error"] == nil)
        let tokens = StrictClient.Tokens(access: "", refresh: "ref-" + String(repeating: "0", count: 64))
        #expect(StrictClient.description(try await client.refresh(tokens)) == "400 \"client_id\" mismatch -")
        #expect(try await post("/personality", ["name": "other"])["error"] != nil)
    }
}
