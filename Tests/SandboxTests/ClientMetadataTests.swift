import ATProtocol
import Crypto
import Network
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's view of client metadata` {
    /// A change of metadata that are right, and what the server says of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let change: [String: JSONValue]
        let answer: String

        var testDescription: String { answer }

        init(_ change: [String: JSONValue], _ answer: String) {
            self.change = change
            self.answer = answer
        }
    }

    private static let id = "https://client.example.org/notifier/metadata.json"
    private static let redirect = "https://client.example.org/notifier/callback.html"

    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let client: StrictClient

    init() async throws {
        (network, bot, client) = try await StrictClient.start()
    }

    private static func metadata(_ change: [String: JSONValue] = [:]) -> JSONValue {
        let members: [String: JSONValue] = [
            "client_id": .string(id), "client_uri": "https://client.example.org/notifier", "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "redirect_uris": [.string(redirect)], "scope": "atproto", "token_endpoint_auth_method": "none",
            "dpop_bound_access_tokens": true,
        ]
        return .object(members.merging(change) { $1 }.filter { $0.value != .null })
    }

    /// Pushes an authorization request and tells of the answer.
    private func push(_ id: String = Self.id, redirect: String = Self.redirect) async throws -> String {
        let response = try await client.post(
            "/oauth/par",
            [
                ("client_id", id), ("response_type", "code"), ("redirect_uri", redirect), ("scope", "atproto"),
                ("code_challenge", Base64.urlEncode(SecureRandom.bytes(32))), ("code_challenge_method", "S256"),
                ("login_hint", bot.did.text),
            ]
        )
        return StrictClient.description(response)
    }

    static let cases: [Case] = {
        let invalid = "400 invalid_client_metadata "
        let shape = invalid + "Unable to obtain client metadata for \"\(id)\": Validation of "
        let key: JSONValue = [
            "kty": "EC", "crv": "P-256", "kid": "k", "x": .string(Base64.urlEncode([UInt8](repeating: 1, count: 32))),
            "y": .string(Base64.urlEncode([UInt8](repeating: 1, count: 32))),
        ]
        let confidential: [String: JSONValue] = [
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
        ]
        func confident(_ change: [String: JSONValue], _ answer: String) -> Case {
            Case(confidential.merging(change) { $1 }, answer)
        }
        return [
            Case([:], "201 - -"), Case(["client_uri": .null], "201 - -"),
            Case(["client_uri": "https://client.example.org/"], "201 - -"),
            Case(["client_id": "https://client.example.org/x.json"], invalid + "client_id does not match"),
            Case(["client_id": .null], invalid + "client_id is required for discoverable clients"),
            Case(
                ["client_uri": "https://other.example.org/"],
                invalid + "client_uri must have the same origin as the client_id"
            ),
            Case(
                ["client_uri": "https://client.example.org/note"],
                invalid + "client_uri must be a parent URL of the client_id"
            ),
            Case(["client_uri": "https://notifier.test/"], invalid + "client_uri hostname is invalid"),
            Case(["client_uri": "notifier"], shape + "\"client_uri\" failed with error: Invalid URL"),
            Case(["scope": .null], invalid + "Missing scope property"),
            Case(["scope": "transition:generic"], invalid + "Missing \"atproto\" scope"),
            Case(["scope": "atproto atproto"], invalid + "Duplicate scope \"atproto\""),
            Case(
                ["grant_types": ["authorization_code", "authorization_code"]],
                invalid + "Duplicate grant type \"authorization_code\""
            ),
            Case(["grant_types": ["implicit"]], invalid + "Grant type \"implicit\" is not allowed"),
            Case(["grant_types": ["password"]], invalid + "Grant type \"password\" is not supported"),
            Case(["grant_types": ["x"]], shape + "\"grant_types\" failed with error: Invalid enum value"),
            Case(
                ["grant_types": ["refresh_token"]],
                invalid + "The \"code\" response type requires that \"grant_types\" contains \"authorization_code\""
            ),
            Case(["grant_types": .null], "201 - -"), Case(["response_types": .null], "201 - -"),
            Case(["response_types": ["token"]], invalid + "response_types must include \"code\""),
            Case(["dpop_bound_access_tokens": .null], invalid + "\"dpop_bound_access_tokens\" must be true"),
            Case(["subject_type": "pairwise"], invalid + "Only \"public\" subject_type is supported"),
            Case(["application_type": "desktop"], shape + "\"application_type\" failed with error: Invalid enum value"),
            Case(
                ["token_endpoint_auth_method": .null],
                invalid + "Unsupported client authentication method \"client_secret_basic\". Make sure "
                    + "\"token_endpoint_auth_method\" is set to one of: \"none\", \"private_key_jwt\""
            ),
            Case(
                ["token_endpoint_auth_signing_alg": "ES256"],
                invalid + "token_endpoint_auth_method \"none\" must not have token_endpoint_auth_signing_alg"
            ),
            confident([:], invalid + "private_key_jwt auth method requires jwks or jwks_uri"),
            confident(
                ["jwks": ["keys": []]],
                invalid + "private_key_jwt auth method requires at least one key in jwks"
            ),
            confident(
                ["jwks": ["keys": [["kty": "EC", "kid": "k", "d": "secret"]]]],
                invalid + "private_key_jwt auth method requires at least one key in jwks"
            ),
            confident(
                ["jwks": ["keys": [key]], "jwks_uri": "https://client.example.org/jwks.json"],
                invalid + "jwks_uri and jwks are mutually exclusive"
            ),
            confident(
                ["jwks": ["keys": [key]], "token_endpoint_auth_signing_alg": .null],
                invalid + "Missing token_endpoint_auth_signing_alg client metadata"
            ),
            confident(
                ["jwks_uri": "https://client.example.org/jwks.json"],
                invalid + "Unable to obtain jwks from \"https://client.example.org/jwks.json\" for \"\(id)\": "
                    + "Unexpected status code 404"
            ),
            confident(
                ["jwks": ["keys": [key]]],
                "400 invalid_request client authentication method \"private_key_jwt\" required a \"client_assertion\""
            ),
            confident(
                ["jwks": ["keys": [key]], "application_type": "native"],
                invalid + "Native clients must authenticate using \"none\" method"
            ),
            Case(["redirect_uris": .null], shape + "\"redirect_uris\" failed with error: Required"),
            Case(
                ["redirect_uris": []],
                shape + "\"redirect_uris\" failed with error: Array must contain at least 1 element(s)"
            ),
            Case(
                ["redirect_uris": ["http://localhost/callback"]],
                shape
                    + "\"redirect_uris.0\" failed with error: Use of \"localhost\" hostname is not allowed (RFC 8252), "
                    + "use a loopback IP such as \"127.0.0.1\" instead"
            ),
            Case(
                ["redirect_uris": ["http://127.0.0.1/callback"]],
                "400 invalid_redirect_uri Loopback redirect URIs are only allowed for native apps"
            ),
            Case(
                ["redirect_uris": ["https://notifier.test/callback"]],
                "400 invalid_redirect_uri Redirect URI \"https://notifier.test/callback\"'s domain name must not be a "
                    + "local hostname"
            ),
            Case(
                ["redirect_uris": ["org.example.client:/callback"]],
                "400 invalid_redirect_uri Private-Use URI Scheme redirect URI are only allowed for native apps"
            ),
            Case(
                ["redirect_uris": ["org.example.other:/callback"], "application_type": "native"],
                "400 invalid_redirect_uri Private-Use URI Scheme redirect URI, for discoverable client metadata, must be "
                    + "the fully qualified domain name (FQDN) of the client_id, in reverse order (org.example.client:)"
            ),
            Case(
                ["redirect_uris": ["https://client.example.org/other.html"]],
                "400 invalid_request Invalid redirect_uri \(redirect)"
            ),
        ]
    }()

    @Test(arguments: cases) func `is as strict as the reference server's`(row: Case) async throws {
        network.authorizationServer.host(Self.metadata(row.change), at: Self.id)
        #expect(try await push() == row.answer)
    }

    @Test(
        arguments: [
            (
                "https://client.test/metadata.json",
                "400 invalid_client_id The client_id's TLD must not be a local hostname"
            ),
            ("https://client.invalid/a.json", "400 invalid_client_id The client_id's TLD must not be a local hostname"),
            ("https://client.example/a.json", "400 invalid_client_id The client_id's TLD must not be a local hostname"),
            ("https://client.local/metadata.json", nil), ("https://client/metadata.json", nil),
            ("https://192.0.2.1/metadata.json", nil), ("https://client.example.org/", nil),
            ("https://client.example.org/a/", nil), ("https://client.example.org/a/../b.json", nil),
            ("https://Client.example.org/a.json", nil), ("http://client.example.org/a.json", nil),
            ("https://user@client.example.org/a.json", nil), ("https://client.example.org/a.json#b", nil),
            ("http://localhost/path", nil), ("http://localhost:80", nil), ("http://localhost?port=1", nil),
            ("http://localhost?redirect_uri=http://localhost/", nil), ("notifier", nil),
            ("http://localhost?scope=transition:generic", "400 invalid_client_metadata Missing \"atproto\" scope"),
            (
                "https://nobody.example.org/a.json",
                """
                400 invalid_client_metadata Unable to obtain client metadata for "https://nobody.example.org/a.json": \
                Unexpected status code 404
                """
            ),
        ] as [(String, String?)]
    ) func `takes no identifier that nobody can own`(id: String, answer: String?) async throws {
        network.authorizationServer.host(Self.metadata(["client_id": .string(id), "client_uri": .null]), at: id)
        if id.contains("nobody") { network.authorizationServer.host(nil, at: id) }
        #expect(try await push(id) == answer ?? "400 invalid_client_metadata Invalid client ID \"\(id)\"")
    }

    @Test func `is ten minutes old at most, and what was refused is fetched again`() async throws {
        func fetches() -> Int { network.journal.entries(matching: "client GET \(Self.id)").count }
        network.authorizationServer.host(Self.metadata(["scope": .null]), at: Self.id)
        #expect(try await push() == "400 invalid_client_metadata Missing scope property")
        network.authorizationServer.host(Self.metadata(), at: Self.id)
        for _ in 0..<2 { #expect(try await push().hasPrefix("201")) }
        #expect(fetches() == 2)
        network.authorizationServer.host(nil, at: Self.id)
        network.clock.advance(by: .seconds(590))
        #expect(try await push().hasPrefix("201"))
        network.clock.advance(by: .seconds(11))
        #expect(try await push().hasSuffix("Unexpected status code 404"))
        #expect(fetches() == 3)
    }

    @Test(arguments: [
        (Fault.htmlPage, "Unexpected response Content-Type (text/html)"), (.dropBefore, "fetch failed"),
        (.html404, "Unexpected status code 404"), (.truncated, "fetch failed"),
    ]) func `is none where the document cannot be had`(fault: Fault, reason: String) async throws {
        network.authorizationServer.host(Self.metadata(), at: Self.id)
        network.faults.add(fault, on: "client GET", lasting: .seconds(60))
        let sentence = "Unable to obtain client metadata for \"\(Self.id)\": \(reason)"
        #expect(try await push() == "400 invalid_client_metadata \(sentence)")
        network.clock.advance(by: .seconds(60))
        #expect(try await push().hasPrefix("201"))
    }
}
