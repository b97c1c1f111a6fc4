import ATProtocol
import Network
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A sandbox that misbehaves` {
    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let client: StrictClient

    init() async throws {
        (network, bot, client) = try await StrictClient.start()
    }

    private func refresh(_ tokens: StrictClient.Tokens) async throws -> String {
        StrictClient.description(try await client.refresh(tokens))
    }

    private func call(_ tokens: StrictClient.Tokens) async throws -> String {
        StrictClient.description(try await client.getSession(tokens))
    }

    @Test func `masks errors of its store, for as long as they last, and keeps the session`() async throws {
        let tokens = try await client.logIn(bot)
        network.faults.add(.storeError, lasting: .seconds(600))
        for _ in 0..<2 {
            #expect(try await refresh(tokens) == "400 invalid_grant Invalid refresh token")
            let response = try await client.getSession(tokens)
            #expect(StrictClient.description(response) == "401 invalid_token Invalid token")
            #expect(response.headers["WWW-Authenticate"]?.contains("error=\"invalid_token\"") == true)
        }
        let revoked = try await client.revoke(tokens.refresh)
        #expect(revoked.status == 200 && revoked.body == Array("{}".utf8))
        #expect(network.authorizationServer.sessionCount == 1)
        network.clock.advance(by: .seconds(600))
        #expect(try await call(tokens).hasPrefix("200"))
        #expect(try await client.refresh(tokens).status == 200)
        #expect(network.faults.pending == 0)
    }

    @Test func `deletes the session when a rotation fails`() async throws {
        let tokens = try await client.logIn(bot)
        // The request that only fetches a nonce does not use the fault up.
        network.faults.add(.rotationError, count: 1)
        #expect(try await refresh(tokens) == "500 server_error Server error")
        #expect(network.authorizationServer.sessionCount == 0)
        #expect(try await refresh(tokens) == "400 invalid_grant Invalid refresh token")
        #expect(try await call(tokens) == "401 invalid_token Invalid token")
    }

    @Test func `quotes the refresh token in the errors of its token endpoint`() async throws {
        let tokens = try await client.logIn(bot)
        network.faults.add(.quotedToken)
        network.faults.add(.storeError, count: 1)
        let quote = " (refresh_token=\(tokens.refresh))"
        let path = network.authorizationServerURL.with(path: "/oauth/token")
        let first = HTTPRequest(
            .post,
            path,
            headers: ["DPoP": try client.proof("POST", path, nonce: nil)],
            body: Array("client_id=x&grant_type=refresh_token&refresh_token=\(tokens.refresh)".utf8)
        )
        #expect(StrictClient.description(try await client.http.send(first)).hasSuffix(quote))
        #expect(try await refresh(tokens) == "400 invalid_grant Invalid refresh token\(quote)")
        #expect(try await client.refresh(tokens).status == 200)
    }

    @Test(arguments: [404, 405, 410]) func `moves its token endpoint`(status: Int) async throws {
        let url = network.authorizationServerURL.with(path: "/.well-known/oauth-authorization-server")
        func path() async throws -> String {
            let endpoint = try JSONValue(parsing: try await client.get(url).body)["token_endpoint"]?.string ?? ""
            return try WebURL(endpoint).path
        }
        let old = try await path()
        var tokens = try await client.logIn(bot)
        network.faults.add(.misbehave(.movedTokenEndpoint(status: status)))
        let new = try await path()
        #expect(new != old)
        #expect(try await client.refresh(tokens, at: old).status == status)
        tokens = try client.tokens(try await client.refresh(tokens, at: new))
        network.faults.clear()
        #expect(try await path() == old)
        #expect(try await client.refresh(tokens, at: new).status == 404)
        #expect(try await client.refresh(tokens, at: old).status == 200)
    }

    @Test func `names another issuer, and then the right one again`() async throws {
        let url = network.pdsURL.with(path: "/.well-known/oauth-protected-resource")
        func issuer() async throws -> String? {
            try JSONValue(parsing: try await client.get(url).body)["authorization_servers"]?[0]?.string
        }
        network.faults.add(.misbehave(.otherIssuer("https://other.example.org")), lasting: .seconds(600))
        network.faults.add(.misbehave(.otherIssuer("https://third.example.org")), count: 1)
        #expect(try await issuer() == "https://other.example.org")
        network.clock.advance(by: .seconds(600))
        #expect(try await issuer() == "https://third.example.org")
        #expect(try await issuer() == network.authorizationServer.issuer)
    }

    @Test func `sends a wrong date while its clock is right`() async throws {
        let tokens = try await client.logIn(bot)
        network.faults.add(.misbehave(.wrongDate(offset: -3 * 86_400)))
        for response in [try await client.getSession(tokens), try await client.refresh(tokens)] {
            #expect(response.status == 200)
            let date = try #require(response.headers["Date"].flatMap(HTTPDate.seconds))
            #expect(abs(date + 3 * 86_400 - network.clock.now().seconds) < 60)
        }
    }

    @Test(arguments: [
        (Fault.htmlPage, "200 <html>"), (.proxy401, "401 Unauthorized"), (.proxy401HTML, "401 <html>"),
    ]) func `stands behind a proxy that answers in its place`(fault: Fault, answer: String) async throws {
        let tokens = try await client.logIn(bot)
        network.faults.add(fault, on: "as POST /oauth/token", lasting: .seconds(1261))
        network.faults.add(fault, on: "/xrpc/com.atproto.server.getSession", lasting: .seconds(1261))
        for _ in 0..<2 {
            #expect(try await refresh(tokens).hasPrefix(answer))
            #expect(try await call(tokens).hasPrefix(answer))
        }
        #expect(network.authorizationServer.sessionCount == 1)
        network.clock.advance(by: .seconds(1261))
        #expect(try await call(tokens).hasPrefix("200"))
        #expect(try await client.refresh(tokens).status == 200)
    }

    @Test func `has a page where a document should be`() async throws {
        let documents = [
            network.authorizationServerURL.with(path: "/.well-known/oauth-authorization-server"),
            network.pdsURL.with(path: "/.well-known/oauth-protected-resource"),
            network.plcURL.with(path: "/\(bot.did)"),
        ]
        for url in documents {
            network.faults.add(.htmlPage, on: url.path)
            let page = try await client.get(url)
            #expect(page.status == 200 && page.headers["Content-Type"]?.hasPrefix("text/html") == true, "\(url)")
            #expect(try await client.get(url).headers["Content-Type"]?.contains("json") == true, "\(url)")
        }
    }

    @Test func `ends a fault by count or by time, whichever comes first`() async throws {
        func status() async throws -> Int { try await client.get(network.plcURL.with(path: "/_health")).status }
        network.faults.add(.html404, on: "_health", count: 2, lasting: .seconds(600))
        #expect(network.faults.pending == 2)
        #expect([try await status(), try await status(), try await status()] == [404, 404, 200])
        network.faults.add(.html404, on: "_health", count: 2, lasting: .seconds(600))
        #expect(try await status() == 404)
        network.clock.advance(by: .seconds(600))
        #expect(try await status() == 200)
        #expect(network.faults.pending == 0)
    }
}
