import ATProtocol
import Network
import TestSupport
import Testing

@testable import OAuth

@Suite struct `Finding the authorization server` {
    private func server(
        _ resource: Answer,
        _ metadata: Answer,
        pds: String = "https://pds.test"
    ) async throws -> AuthorizationServer {
        let client = ScriptedClient()
        client.script("/.well-known/oauth-protected-resource", [resource])
        client.script("/.well-known/oauth-authorization-server", [metadata])
        let discovery = ServerDiscovery(client: client, identities: FixedIdentities(pds: pds), allowsLoopback: false)
        return try await discovery.server(of: WebURL(pds))
    }

    private static let resource: JSONValue = [
        "resource": "https://pds.test", "authorization_servers": ["https://as.test"],
    ]

    @Test func `a PDS and its server are found`() async throws {
        let found = try await server(.json(Self.resource), .json(SessionFixture.metadata("https://as.test")))
        #expect(found.issuer == "https://as.test")
        #expect(found.tokenEndpoint.description == "https://as.test/oauth/token")
    }

    @Test func `a PDS without a resource document is its own server`() async throws {
        let missing = Answer.success(HTTPResponse(status: 404))
        let found = try await server(missing, .json(SessionFixture.metadata("https://pds.test")))
        #expect(found.issuer == "https://pds.test")
    }

    @Test func `real servers' documents pass`() async throws {
        for (file, pds) in [
            ("indie", "https://pds.robocracy.org"), ("morel", "https://morel.us-east.host.bsky.network"),
        ] {
            let server = file == "morel" ? "bsky-entryway" : "indie"
            guard let resource = try Corpus.bytes("oauth/\(file)-protected-resource.json"),
                let metadata = try Corpus.bytes("oauth/\(server)-authorization-server.json")
            else { return }
            let found = try await self.server(
                .json(JSONValue(parsing: resource)),
                .json(JSONValue(parsing: metadata)),
                pds: pds
            )
            #expect(found.revocationEndpoint != nil)
        }
    }

    @Test(
        arguments: [
            ["resource": "https://other.test", "authorization_servers": ["https://as.test"]],
            ["resource": "https://pds.test", "authorization_servers": []],
            ["resource": "https://pds.test", "authorization_servers": ["https://as.test", "https://as2.test"]],
            ["resource": "https://pds.test", "authorization_servers": ["https://as.test/"]],
            ["resource": "https://pds.test", "authorization_servers": ["http://as.test"]],
            ["resource": "https://pds.test", "authorization_servers": ["https://user@as.test"]],
        ] as [JSONValue]
    ) func `a resource document that breaks a rule is refused`(resource: JSONValue) async {
        await #expect(throws: OAuthError.self) {
            try await server(.json(resource), .json(SessionFixture.metadata("https://as.test")))
        }
    }

    private static let violations: [(String, JSONValue)] = [
        ("issuer", "https://evil.test"), ("response_types_supported", ["token"]),
        ("grant_types_supported", ["authorization_code"]), ("code_challenge_methods_supported", ["plain"]),
        ("token_endpoint_auth_methods_supported", ["none"]),
        ("token_endpoint_auth_signing_alg_values_supported", ["ES256", "none"]), ("scopes_supported", ["openid"]),
        ("dpop_signing_alg_values_supported", ["RS256"]), ("authorization_response_iss_parameter_supported", false),
        ("require_pushed_authorization_requests", .null), ("client_id_metadata_document_supported", "true"),
        ("require_request_uri_registration", false), ("token_endpoint", "http://as.test/token"),
        ("pushed_authorization_request_endpoint", "nowhere"), ("protected_resources", ["https://other.test"]),
    ]

    @Test(arguments: violations) func `server metadata that breaks a rule is refused`(name: String, value: JSONValue)
        async
    {
        var members = SessionFixture.metadata("https://as.test").object ?? [:]
        members[name] = value
        let metadata = Answer.json(.object(members))
        await #expect(throws: OAuthError.self) { try await server(.json(Self.resource), metadata) }
    }

    @Test(arguments: [
        HTTPResponse(status: 302, headers: ["Location": "https://as.test/x"]),
        HTTPResponse(status: 200, headers: ["Content-Type": "text/html"], body: Array("{}".utf8)),
        HTTPResponse(status: 200, headers: ["Content-Type": "application/json"], body: Array("[".utf8)),
        HTTPResponse(status: 500),
    ]) func `a document that is redirected, mistyped or broken is refused`(response: HTTPResponse) async {
        await #expect(throws: OAuthError.self) {
            try await server(.json(Self.resource), .success(response))
        }
    }
}
