import ATProtocol
import Crypto
import Logging
import Network
import Synchronization
import TestSupport
import Testing

@testable import OAuth

/// A stored session with scripted servers, a memory for a disk and a clock that leaps.
struct SessionFixture: Sendable {
    static let tokenPath = "/oauth/token"
    static let callPath = "/xrpc/chat.bsky.convo.sendMessage"
    static let checkPath = "/xrpc/com.atproto.server.getSession"
    static let file = "/state/session.json"
    static let account = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    static let chatScope = "atproto transition:generic transition:chat.bsky"

    let files = CrashingFileSystem()
    let clock = LeapingClock()
    let client = ScriptedClient()
    let log = LogRecorder()
    let identities: FixedIdentities
    let key: SigningKey
    var configuration: SessionConfiguration
    var environment: SessionEnvironment
    var record: SessionRecord

    init(_ kind: SessionKind = .confidential) throws {
        let account = try DID(Self.account)
        identities = FixedIdentities(pds: "https://pds.test")
        key = try SigningKey(.p256)
        let clientKey = ClientKey(id: "k1", key: try SigningKey(.p256))
        configuration = SessionConfiguration(
            account: account,
            kind: kind,
            clientID: kind == .confidential ? "https://client.test/metadata.json" : nil,
            clientKeyPath: kind == .confidential ? "/state/client.json" : nil,
            appPasswordPath: kind == .appPassword ? "/state/password" : nil,
            stateDirectory: "/state",
            scope: .transition
        )
        environment = SessionEnvironment(
            client: client,
            identities: identities,
            clock: clock.dates,
            sleeper: clock,
            logger: log.logger
        )
        environment.files = files
        environment.jitter = { 0.5 }
        record = SessionRecord(
            kind: kind,
            loginID: "login-1",
            account: account,
            pds: "https://pds.test",
            accessToken: "access-0",
            refreshToken: "refresh-0",
            scope: Self.chatScope,
            expiresAt: UnixTime(seconds: LeapingClock.start + 3600),
            createdAt: UnixTime(seconds: LeapingClock.start),
            refreshedAt: UnixTime(seconds: LeapingClock.start)
        )
        if kind == .appPassword {
            record.expiresAt = nil
            files.put("abcd-efgh-ijkl-mnop\n", at: "/state/password")
        } else {
            record.binding = SessionRecord.Binding(
                clientID: configuration.clientID ?? "http://localhost?scope=atproto",
                issuer: "https://as.test",
                tokenEndpoint: "https://as.test" + Self.tokenPath,
                revocationEndpoint: "https://as.test/oauth/revoke",
                clientKeyID: kind == .confidential ? "k1" : nil,
                clientKeyThumbprint: kind == .confidential ? clientKey.thumbprint : nil,
                dpopKey: try JSONWebKey.json(key),
                dpopThumbprint: key.publicKey.thumbprint
            )
        }
        if kind == .confidential {
            try clientKey.write(to: "/state/client.json", files: files)
            let document = try ClientMetadata(configuration, environment).document(keys: [clientKey])
            client.script("/metadata.json", [.json(document)])
        }
        client.script(
            "/.well-known/oauth-protected-resource",
            [
                .json(["resource": "https://pds.test", "authorization_servers": ["https://as.test"]])
            ]
        )
        client.script("/.well-known/oauth-authorization-server", [.json(Self.metadata("https://as.test"))])
        client.script(Self.callPath, [.json(["id": "m1"])])
        client.script("/oauth/revoke", [.json([:])])
        store()
    }

    /// Puts the record on the disk.
    func store() { files.put(record.json.encodedText, at: Self.file) }

    func open(isDaemon: Bool = true) async throws -> StoredSession {
        try await StoredSession.open(configuration, environment, isDaemon: isDaemon)
    }

    /// What the disk holds.
    var stored: SessionRecord? {
        files.text(Self.file).flatMap { try? JSONValue(parsing: $0) }.flatMap(SessionRecord.init)
    }

    var call: XRPCCall {
        get throws {
            .procedure(
                try NSID("chat.bsky.convo.sendMessage"),
                ["text": "hello"],
                proxy: "did:web:api.bsky.chat#bsky_chat"
            )
        }
    }

    var tokenRequests: Int { client.count(Self.tokenPath) }
    var calls: Int { client.count(Self.callPath) }

    static func metadata(_ issuer: String) -> JSONValue {
        [
            "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/oauth/authorize"),
            "token_endpoint": .string(issuer + "/oauth/token"),
            "pushed_authorization_request_endpoint": .string(issuer + "/oauth/par"),
            "revocation_endpoint": .string(issuer + "/oauth/revoke"),
            "response_types_supported": ["code"], "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"], "scopes_supported": ["atproto"],
            "dpop_signing_alg_values_supported": ["ES256"], "authorization_response_iss_parameter_supported": true,
            "require_pushed_authorization_requests": true, "client_id_metadata_document_supported": true,
        ]
    }
}

typealias Answer = ScriptedClient.Answer

extension Answer {
    static func error(
        _ status: Int,
        _ name: String,
        _ message: String? = nil,
        headers: HTTPHeaders = [:]
    ) -> Answer {
        var body: [String: JSONValue] = ["error": .string(name)]
        // Authorization servers write error_description, the others message.
        if let message {
            body[status == 400 && name.contains("_") ? "error_description" : "message"] = .string(message)
        }
        return .json(.object(body), status: status, headers: headers)
    }

    /// An answer of the PDS with a DPoP challenge.
    static func challenge(_ name: String, _ message: String, headers: HTTPHeaders = [:]) -> Answer {
        var headers = headers
        headers["WWW-Authenticate"] = #"DPoP algs="RS256 ES256", error="\#(name)""#
        return .error(401, name, message, headers: headers)
    }

    static func tokens(
        _ number: Int,
        sub: String = SessionFixture.account,
        scope: String = SessionFixture.chatScope
    ) -> Answer {
        .json([
            "access_token": .string("access-\(number)"), "refresh_token": .string("refresh-\(number)"),
            "token_type": "DPoP", "scope": .string(scope), "sub": .string(sub), "expires_in": 3599,
        ])
    }

    /// What `getSession` says of the session's account.
    static func account(_ more: [String: JSONValue] = [:]) -> Answer {
        let known: [String: JSONValue] = ["did": .string(SessionFixture.account), "handle": "a.test"]
        return .json(.object(known.merging(more) { $1 }))
    }

    static func passwordTokens(_ number: Int) -> Answer {
        .json([
            "accessJwt": .string("access-\(number)"), "refreshJwt": .string("refresh-\(number)"),
            "did": .string(SessionFixture.account),
        ])
    }

    static func lost(mayHaveBeenSent: Bool) -> Answer {
        .failure(
            HTTPError(
                code: mayHaveBeenSent ? .connectionLost : .connect,
                origin: "https://as.test",
                detail: "scripted",
                mayHaveBeenSent: mayHaveBeenSent
            )
        )
    }
}
