import ATProtocol
import Crypto
import Network
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's authorization server` {
    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let client: StrictClient

    init() async throws {
        (network, bot, client) = try await StrictClient.start()
    }

    private func description(_ response: HTTPResponse) -> String { StrictClient.description(response) }

    private func getSession(_ token: String, scheme: String = "DPoP", key: SigningKey? = nil) async throws -> String {
        let method = try NSID("com.atproto.server.getSession")
        return description(try await client.call(.query(method), token, scheme: scheme, key: key))
    }

    @Test func `refreshing rotates both tokens and makes the old access token worthless`() async throws {
        let first = try await client.logIn(bot)
        let second = try client.tokens(try await client.refresh(first))
        #expect(second.refresh != first.refresh)
        #expect(try await getSession(first.access) == "401 invalid_token Invalid token")
        #expect(try await getSession(second.access).hasPrefix("200"))
    }

    @Test func `an old refresh token, and a wrong key, destroy the session`() async throws {
        let first = try await client.logIn(bot)
        let second = try client.tokens(try await client.refresh(first))
        #expect(description(try await client.refresh(first)) == "400 invalid_grant Refresh token replayed")
        #expect(description(try await client.refresh(second)) == "400 invalid_grant Invalid refresh token")
        let third = try await client.logIn(bot)
        let refused = try await client.refresh(third, key: try SigningKey(.p256))
        #expect(description(refused) == "400 invalid_grant DPoP proof does not match the expected JKT")
        #expect(description(try await client.refresh(third)) == "400 invalid_grant Invalid refresh token")
        #expect(network.authorizationServer.sessionCount == 0)
    }

    @Test func `a public session ends after fourteen days, however often it is refreshed`() async throws {
        var tokens = try await client.logIn(bot)
        for _ in 0..<2 {
            network.clock.advance(by: .seconds(6 * 86_400 + 80_000))
            tokens = try client.tokens(try await client.refresh(tokens))
        }
        network.clock.advance(by: .seconds(2 * 86_400))
        #expect(description(try await client.refresh(tokens)) == "400 invalid_grant Session expired")
    }

    @Test func `the resource server checks the proof in every part`() async throws {
        let tokens = try await client.logIn(bot)
        let url = network.pdsURL.with(path: "/xrpc/com.atproto.server.getSession")
        func answer(_ proof: String?) async throws -> HTTPResponse {
            var headers: HTTPHeaders = ["Authorization": "DPoP \(tokens.access)"]
            headers["DPoP"] = proof
            return try await client.http.send(HTTPRequest(.get, url, headers: headers))
        }
        let asked = try await answer(try client.proof("GET", url, nonce: nil, token: tokens.access))
        #expect(description(asked) == "401 use_dpop_nonce Authorization server requires nonce in DPoP proof")
        #expect(asked.headers["WWW-Authenticate"]?.contains("error=\"use_dpop_nonce\"") == true)
        let nonce = try #require(asked.headers["DPoP-Nonce"])
        func message(_ proof: String?) async throws -> String { description(try await answer(proof)) }
        let token = tokens.access
        #expect(try await message(nil) == "401 invalid_dpop_proof DPoP proof required")
        let post = try client.proof("POST", url, nonce: nonce, token: token)
        #expect(try await message(post) == "401 invalid_dpop_proof DPoP \"htm\" mismatch")
        let elsewhere = try client.proof("GET", network.plcURL, nonce: nonce, token: token)
        #expect(try await message(elsewhere) == "401 invalid_dpop_proof DPoP \"htu\" mismatch")
        let unbound = try client.proof("GET", url, nonce: nonce, token: "other")
        #expect(try await message(unbound) == "401 invalid_dpop_proof DPoP \"ath\" mismatch")
        let late = try client.proof("GET", url, nonce: nonce, token: token, ageInSeconds: 200)
        #expect(try await message(late).contains("\"iat\" claim timestamp check failed"))
        let once = try client.proof("GET", url, nonce: nonce, token: token, jti: "j")
        #expect(try await message(once).hasPrefix("200"))
        #expect(try await message(once) == "401 invalid_dpop_proof DPoP proof replayed")
        network.clock.advance(by: .seconds(200))
        let stale = try client.proof("GET", url, nonce: nonce, token: token)
        #expect(try await message(stale) == "401 use_dpop_nonce DPoP \"nonce\" mismatch")
        #expect(try await getSession(token, key: SigningKey(.p256)) == "401 invalid_token Invalid DPoP key binding")
        #expect(try await getSession(token, scheme: "Bearer") == "400 InvalidToken Token could not be verified")
        network.clock.advance(by: .seconds(3600))
        #expect(try await getSession(token) == "401 invalid_token \"exp\" claim timestamp check failed")
    }

    @Test(arguments: [
        ("atproto", "403 ScopeMissingError"), (StrictClient.scope, "501 MethodNotImplemented"),
        ("atproto rpc:chat.bsky.convo.muteConvo?aud=did:web:api.bsky.chat%23bsky_chat", "501 MethodNotImplemented"),
        ("atproto rpc:chat.bsky.convo.muteConvo?aud=did:web:api.bsky.chat", "403 ScopeMissingError"),
        ("atproto rpc:chat.bsky.convo.getLog?aud=*", "403 ScopeMissingError"),
    ])
    func `a scope covers what it names, and a malformed one is dropped`(scope: String, answer: String) async throws {
        let client = try StrictClient(network, scope: scope)
        let tokens = try await client.logIn(bot, scope: scope)
        let method = try NSID("chat.bsky.convo.muteConvo")
        let response = try await client.call(.query(method, [], proxy: StrictClient.chatService), tokens.access)
        #expect(description(response).hasPrefix(answer))
    }

    @Test func `cocoon never says invalid_grant and forgives a replay`() async throws {
        network.authorizationServer.use(.cocoon)
        let first = try await client.logIn(bot)
        let second = try client.tokens(try await client.refresh(first))
        #expect(description(try await client.refresh(first)) == "400 \"client_id\" mismatch -")
        #expect(try await client.refresh(second).status == 200)
    }

    @Test func `an app password opens chat only when it is privileged, and its refresh may be repeated`() async throws {
        func session(_ password: String) async throws -> JSONValue {
            let url = network.pdsURL.with(path: "/xrpc/com.atproto.server.createSession")
            let body: JSONValue = ["identifier": .string(bot.did.text), "password": .string(password)]
            return try JSONValue(parsing: try await client.http.send(HTTPRequest(.post, url, body: body.encoded)).body)
        }
        func status(_ token: String) async throws -> String {
            let url = network.pdsURL.with(path: "/xrpc/chat.bsky.actor.getStatus")
            let headers: HTTPHeaders = [
                "Authorization": "Bearer \(token)", "atproto-proxy": StrictClient.chatService,
            ]
            return description(try await client.http.send(HTTPRequest(.get, url, headers: headers)))
        }
        let plain = try await session(network.createAppPassword(for: bot, isPrivileged: false))
        #expect(try await status(plain["accessJwt"]?.string ?? "") == "400 InvalidToken Bad token method")
        let privileged = try await session(network.createAppPassword(for: bot, isPrivileged: true))
        #expect(try await status(privileged["accessJwt"]?.string ?? "").hasPrefix("200"))
        #expect(try await session("wrong")["error"] == "AuthenticationRequired")
        let url = network.pdsURL.with(path: "/xrpc/com.atproto.server.refreshSession")
        let headers: HTTPHeaders = ["Authorization": "Bearer \(privileged["refreshJwt"]?.string ?? "")"]
        let one = try await client.http.send(HTTPRequest(.post, url, headers: headers))
        let two = try await client.http.send(HTTPRequest(.post, url, headers: headers))
        #expect(one.body == two.body)
        network.clock.advance(by: .seconds(7201))
        #expect(try await status(privileged["accessJwt"]?.string ?? "") == "400 ExpiredToken Token has expired")
        let three = try await client.http.send(HTTPRequest(.post, url, headers: headers))
        #expect(description(three) == "400 ExpiredToken Token has been revoked")
    }
}
