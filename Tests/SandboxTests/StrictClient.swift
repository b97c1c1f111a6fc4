import ATProtocol
import Crypto
import Network
import Sandbox
import TestSupport

/// A small OAuth client of the tests' own: what it sends is chosen by the test, right or wrong.
final class StrictClient: Sendable {
    static let redirect = "http://127.0.0.1:9/callback"
    static let scope = "atproto transition:generic transition:chat.bsky"
    static let chatService = "did:web:api.bsky.chat#bsky_chat"

    /// What the token endpoint gave.
    struct Tokens: Sendable {
        var access: String
        var refresh: String
    }

    let network: SandboxNetwork
    let key: SigningKey
    let http = CurlHTTPClient.loopback()
    let clientID: String

    init(_ network: SandboxNetwork, scope: String = StrictClient.scope) throws {
        self.network = network
        key = try SigningKey(.p256)
        clientID = "http://localhost?" + PercentEncoding.form([("redirect_uri", Self.redirect), ("scope", scope)])
    }

    /// A network of one account, and a client of it.
    static func start() async throws -> (SandboxNetwork, SandboxAccount, StrictClient) {
        let network = try await SandboxNetwork.start()
        return (network, try network.createAccount(handle: "bot.test"), try StrictClient(network))
    }

    /// A proof as RFC 9449 §4.2 wants it.
    func proof(
        _ method: String,
        _ url: WebURL,
        nonce: String?,
        token: String? = nil,
        jti: String = SecureRandom.token(bytes: 16),
        ageInSeconds: Double = 5,
        key other: SigningKey? = nil
    ) throws -> String {
        let signer = other ?? key
        let jwk: JSONValue = [
            "kty": "EC", "crv": "P-256", "x": .string(Base64.urlEncode(signer.publicKey.x)),
            "y": .string(Base64.urlEncode(signer.publicKey.y)),
        ]
        let header: JSONValue = ["typ": "dpop+jwt", "alg": "ES256", "jwk": jwk]
        var claims: [String: JSONValue] = [
            "jti": .string(jti), "htm": .string(method), "htu": .string(url.origin + url.path),
            "iat": .integer(Int64(network.clock.now().seconds - ageInSeconds)),
        ]
        claims["nonce"] = nonce.map(JSONValue.string)
        claims["ath"] = token.map { .string(Base64.urlEncode(Digest.sha256($0))) }
        return try CompactJWS(header: header.encoded, payload: JSONValue.object(claims).encoded, signedBy: signer).text
    }

    /// Posts a form with a proof, once more for a nonce.
    func post(_ path: String, _ form: [(name: String, value: String)], key other: SigningKey? = nil) async throws
        -> HTTPResponse
    {
        let url = network.authorizationServerURL.with(path: path)
        var nonce: String?
        for attempt in 0..<2 {
            let request = HTTPRequest(
                .post,
                url,
                headers: [
                    "Content-Type": "application/x-www-form-urlencoded",
                    "DPoP": try proof("POST", url, nonce: nonce, key: other),
                ],
                body: Array(PercentEncoding.form(form).utf8)
            )
            let response = try await http.send(request)
            let error = try? JSONValue(parsing: response.body)["error"]
            guard attempt == 0, error?.string == "use_dpop_nonce" else { return response }
            nonce = response.headers["DPoP-Nonce"]
        }
        throw SkippedNonce()
    }

    struct SkippedNonce: Error {}

    /// Logs an account in: PAR, the page, the token request.
    func logIn(_ account: SandboxAccount, scope: String = StrictClient.scope) async throws -> Tokens {
        let verifier = SecureRandom.token(bytes: 32)
        let pushed = try await post(
            "/oauth/par",
            [
                ("client_id", clientID), ("response_type", "code"), ("redirect_uri", Self.redirect), ("scope", scope),
                ("state", "s1"), ("code_challenge", Base64.urlEncode(Digest.sha256(verifier))),
                ("code_challenge_method", "S256"), ("login_hint", account.did.text),
            ]
        )
        let uri = try JSONValue(parsing: pushed.body)["request_uri"]?.string ?? ""
        let page = network.authorizationServerURL.with(
            path: "/oauth/authorize",
            query: [("client_id", clientID), ("request_uri", uri)]
        )
        let location = try await http.send(HTTPRequest(.get, page)).headers["Location"] ?? ""
        let answer = PercentEncoding.parseForm(location.drop { $0 != "?" }.dropFirst())
        let code = answer.first { $0.name == "code" }?.value ?? ""
        let response = try await post(
            "/oauth/token",
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Self.redirect),
                ("code_verifier", verifier), ("client_id", clientID),
            ]
        )
        return try tokens(response)
    }

    func refresh(
        _ tokens: Tokens,
        at path: String = "/oauth/token",
        key other: SigningKey? = nil
    ) async throws -> HTTPResponse {
        try await post(
            path,
            [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh), ("client_id", clientID)],
            key: other
        )
    }

    func revoke(_ token: String, as client: String? = nil, key other: SigningKey? = nil) async throws -> HTTPResponse {
        try await post("/oauth/revoke", [("token", token), ("client_id", client ?? clientID)], key: other)
    }

    /// Fetches a document of one of the network's servers.
    func get(_ url: WebURL) async throws -> HTTPResponse { try await http.send(HTTPRequest(.get, url)) }

    /// Status, error and description of an answer; the beginning of a body that is no error.
    static func description(_ response: HTTPResponse) -> String {
        guard let json = try? JSONValue(parsing: response.body), json.object != nil else {
            return "\(response.status) \(String(decoding: response.body.prefix(40), as: UTF8.self))"
        }
        // Not by XRPCError, which cuts long messages.
        let message = (json["error_description"] ?? json["message"])?.string
        return "\(response.status) \(json["error"]?.string ?? "-") \(message ?? "-")"
    }

    /// Calls `getSession`, which every session may.
    func getSession(_ tokens: Tokens) async throws -> HTTPResponse {
        try await call(.query(try NSID("com.atproto.server.getSession")), tokens.access)
    }

    func tokens(_ response: HTTPResponse) throws -> Tokens {
        let json = try JSONValue(parsing: response.body)
        return Tokens(access: json["access_token"]?.string ?? "", refresh: json["refresh_token"]?.string ?? "")
    }

    /// Makes a call on the PDS with a proof, once more for a nonce.
    func call(
        _ call: XRPCCall,
        _ token: String,
        scheme: String = "DPoP",
        key other: SigningKey? = nil
    ) async throws -> HTTPResponse {
        let url = network.pdsURL.with(path: "/xrpc/\(call.method)", query: call.parameters)
        let method: HTTPRequest.Method = call.kind == .query ? .get : .post
        var nonce: String?
        var response = HTTPResponse(status: 0)
        for _ in 0..<2 {
            var headers: HTTPHeaders = [
                "Authorization": "\(scheme) \(token)",
                "DPoP": try proof(method.rawValue, url, nonce: nonce, token: token, key: other),
            ]
            headers["atproto-proxy"] = call.proxy
            if call.body != nil { headers["Content-Type"] = "application/json" }
            response = try await http.send(HTTPRequest(method, url, headers: headers, body: call.body?.encoded ?? []))
            guard XRPCError(response).name == "use_dpop_nonce" else { return response }
            nonce = response.headers["DPoP-Nonce"]
        }
        return response
    }

    /// Opens the conversation with an account and gives the answer.
    func openConversation(with did: DID, _ tokens: Tokens) async throws -> HTTPResponse {
        let method = try NSID("chat.bsky.convo.getConvoForMembers")
        return try await call(.query(method, [("members", did.text)], proxy: Self.chatService), tokens.access)
    }

    /// Sends a message into a conversation.
    func send(_ text: String, to conversation: String, _ tokens: Tokens) async throws -> HTTPResponse {
        let method = try NSID("chat.bsky.convo.sendMessage")
        let body: JSONValue = ["convoId": .string(conversation), "message": ["text": .string(text)]]
        return try await call(.procedure(method, body, proxy: Self.chatService), tokens.access)
    }
}
