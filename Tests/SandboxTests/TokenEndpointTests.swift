import ATProtocol
import Crypto
import Network
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's token endpoint` {
    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let client: StrictClient

    init() async throws {
        (network, bot, client) = try await StrictClient.start()
    }

    static let redirect = "redirect_uri=http://127.0.0.1:9/callback"
    static let grants = "'authorization_code' | 'refresh_token' | 'password' | 'client_credentials'"

    @Test(arguments: [
        ("", "Client credentials missing: Required at body.client_id"),
        ("grant_type=refresh_token&refresh_token=x", "Client credentials missing: Required at body.client_id"),
        (
            "client_id=", "Client credentials missing: String must contain at least 1 character(s) at body.client_id"
        ),
        ("client_id=x", "Invalid request payload: Invalid discriminator value. Expected \(grants) at body.grant_type"),
        (
            "client_id=x&grant_type=device_code",
            "Invalid request payload: Invalid discriminator value. Expected \(grants) at body.grant_type"
        ),
        (
            "client_id=x&grant_type=refresh_token",
            "Invalid request payload: Required at body.refresh_token"
        ),
        (
            "client_id=x&grant_type=refresh_token&refresh_token=",
            "Invalid request payload: String must contain at least 1 character(s) at body.refresh_token"
        ),
        ("client_id=x&grant_type=authorization_code", "Invalid request payload: Required at body.code"),
        ("client_id=x&grant_type=authorization_code&code=c", "Invalid request payload: Required at body.redirect_uri"),
        (
            "client_id=x&grant_type=authorization_code&code=c&redirect_uri=http://example.org/",
            """
            Invalid request payload: URL must use "localhost", "127.0.0.1" or "[::1]" as hostname at body.redirect_uri
            """
        ),
        (
            "client_id=x&grant_type=authorization_code&code=c&\(redirect)&code_verifier=short",
            "Invalid request payload: String must contain at least 43 character(s) at body.code_verifier"
        ),
        ("client_id=x&grant_type=password", "Invalid request payload: Required at body.username"),
    ]) func `calls what it cannot read an invalid grant, before it looks at the proof`(
        body: String,
        message: String
    ) async throws {
        let url = network.authorizationServerURL.with(path: "/oauth/token")
        let request = HTTPRequest(
            .post,
            url,
            headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: Array(body.utf8)
        )
        let answer = StrictClient.description(try await client.http.send(request))
        #expect(answer == "400 invalid_grant \(message)")
    }

    @Test(arguments: [
        ("client_credentials", "", "Grant type \"client_credentials\" is not supported by the server"),
        (
            "refresh_token", "ref-short",
            "Invalid refresh token: String must contain exactly 68 character(s) at refresh_token"
        ),
        (
            "refresh_token", String(repeating: "a", count: 68),
            "Invalid refresh token: Invalid refresh token format at refresh_token"
        ),
        ("refresh_token", "ref-" + String(repeating: "0", count: 64), "Invalid refresh token"),
    ]) func `calls what it does not know an invalid grant, and touches no session`(
        type: String,
        token: String,
        message: String
    ) async throws {
        let tokens = try await client.logIn(bot)
        let form = [("grant_type", type), ("refresh_token", token), ("client_id", client.clientID)]
        let answer = StrictClient.description(try await client.post("/oauth/token", form))
        #expect(answer == "400 invalid_grant \(message)")
        #expect(try await client.refresh(tokens).status == 200)
    }

    @Test func `gives tokens of the reference server's form`() async throws {
        let tokens = try await client.logIn(bot)
        #expect(tokens.refresh.wholeMatch(of: /ref-[0-9a-f]{64}/) != nil)
        let token = try CompactJWS(parsing: tokens.access)
        #expect(tokens.access.hasPrefix("eyJ0eXAiOiJhdCtqd3Qi"))
        let keys = try JSONValue(
            parsing: try await client.get(network.authorizationServerURL.with(path: "/oauth/jwks")).body
        )
        let jwk = try #require(keys["keys"]?[0])
        let key = try PublicKey(
            .p256,
            x: Base64.urlDecode(jwk["x"]?.string ?? "") ?? [],
            y: Base64.urlDecode(jwk["y"]?.string ?? "") ?? []
        )
        #expect(token.isSigned(by: key))
        let claims = try JSONValue(parsing: token.payload)
        #expect(claims["sub"]?.string == bot.did.text && claims["client_id"]?.string == client.clientID)
        #expect(claims["cnf"]?["jkt"]?.string == client.key.publicKey.thumbprint)
        #expect(claims["jti"]?.string?.wholeMatch(of: /tok-[0-9a-f]{32}/) != nil)
        #expect((claims["exp"]?.integer ?? 0) - (claims["iat"]?.integer ?? 0) == 3600)
    }

    @Test func `says {} to every revocation, and does the right ones`() async throws {
        let tokens = try await client.logIn(bot)
        let other = try StrictClient(network, scope: "atproto")
        let useless: [(String, HTTPResponse)] = [
            ("an unknown token", try await client.revoke("ref-" + String(repeating: "0", count: 64))),
            ("no token at all", try await client.revoke("x")),
            ("a bad client", try await client.revoke(tokens.refresh, as: "https://nobody.example.org/client.json")),
            ("a malformed client", try await client.revoke(tokens.refresh, as: "?")),
            ("another client", try await other.revoke(tokens.refresh)),
            ("another key", try await client.revoke(tokens.refresh, key: try SigningKey(.p256))),
        ]
        for (name, response) in useless {
            #expect(response.status == 200 && response.body == Array("{}".utf8), "\(name)")
        }
        #expect(network.authorizationServer.sessionCount == 1)
        let next = try client.tokens(try await client.refresh(tokens))
        #expect(try await client.revoke(tokens.access).status == 200)
        #expect(network.authorizationServer.sessionCount == 1, "an access token that was rotated away")
        #expect(try await client.revoke(next.access).status == 200)
        #expect(network.authorizationServer.sessionCount == 0)
        let missing = try await client.post("/oauth/revoke", [("client_id", client.clientID)])
        #expect(
            StrictClient.description(missing) == "400 invalid_request Invalid request payload: Required at body.token"
        )
    }
}
