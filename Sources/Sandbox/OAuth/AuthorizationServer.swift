public import ATProtocol
internal import Crypto
internal import Network
internal import Synchronization

/// The OAuth authorization server: PAR, a page that approves by itself, token and revocation endpoints.
///
/// It is an adversary that keeps to the letter: every check of the reference server in its order, single-use refresh
/// tokens, deletion of the session on an error during a refresh (facts/oauth.md §3–§8).
public final class AuthorizationServer: Sendable {
    /// Whose habits it has.
    public enum Personality: Sendable {
        /// bluesky-social/atproto.
        case reference
        /// haileyok/cocoon: no `invalid_grant`, `iat` at most 5 s ahead, no nonce on a successful token response, no
        /// deletion on replay.
        case cocoon
    }

    struct State {
        var personality = Personality.reference
        var metadata: [String: JSONValue] = [:]
        var isMetadataReachable = true
        var isConsenting = true
        var requests: [String: AuthorizationRequest] = [:]
        var codes: [String: AuthorizationCode] = [:]
        var challenges: Set<String> = []
        var assertions: [String: Double] = [:]
    }

    /// An answer that is an error (RFC 6749 §5.2).
    struct Refusal: Error {
        var status = 400
        let code: String
        var message: String?
    }

    let state = Mutex(State())
    let tokens = OAuthTokenStore()
    let proofs: ProofVerifier
    let accounts: AccountBook
    let clock: SandboxClock
    /// `issuer`: the origin.
    public let issuer: String

    init(url: WebURL, accounts: AccountBook, clock: SandboxClock) {
        issuer = url.origin
        proofs = ProofVerifier(origin: url.origin)
        self.accounts = accounts
        self.clock = clock
    }

    // MARK: What a test sets

    /// Lifetimes of sessions and tokens.
    public var lifetimes: OAuthLifetimes {
        get { tokens.lifetimes }
        set { tokens.lifetimes = newValue }
    }

    /// Takes on another server's habits.
    public func use(_ personality: Personality) { state.withLock { $0.personality = personality } }

    /// Lets client metadata be found at its `client_id`, as if it were hosted there; nil takes it away.
    public func host(_ metadata: JSONValue?, at clientID: String) {
        state.withLock { $0.metadata[clientID] = metadata }
    }

    /// Makes hosted metadata unreachable, or reachable again.
    public func setMetadataReachable(_ isReachable: Bool) { state.withLock { $0.isMetadataReachable = isReachable } }

    /// Whether the person at the authorization page says yes.
    public func setConsenting(_ isConsenting: Bool) { state.withLock { $0.isConsenting = isConsenting } }

    /// Ends every session of an account, as a person does in the account's settings.
    public func revokeSessions(of did: DID) { tokens.endAll(of: did) }

    /// How many sessions live.
    public var sessionCount: Int { tokens.count }

    // MARK: Requests

    func answer(_ request: IncomingRequest) -> HTTPResponse {
        switch (request.method, request.path) {
        case ("GET", "/.well-known/oauth-authorization-server"): .json(metadata)
        case ("GET", "/oauth/jwks"): .json(["keys": []])
        case ("GET", "/oauth/authorize"): authorize(request)
        case ("POST", "/oauth/par"): protected(request) { jkt throws(Refusal) in try self.push(request, jkt: jkt) }
        case ("POST", "/oauth/token"):
            protected(request) { jkt throws(Refusal) in try self.exchange(request, jkt: jkt) }
        case ("POST", "/oauth/revoke"): protected(request) { _ throws(Refusal) in try self.revoke(request) }
        default: .text("Not Found", status: 404)
        }
    }

    private var metadata: JSONValue {
        [
            "issuer": .string(issuer),
            "authorization_endpoint": .string(issuer + "/oauth/authorize"),
            "token_endpoint": .string(issuer + "/oauth/token"),
            "pushed_authorization_request_endpoint": .string(issuer + "/oauth/par"),
            "revocation_endpoint": .string(issuer + "/oauth/revoke"),
            "jwks_uri": .string(issuer + "/oauth/jwks"),
            "scopes_supported": ["atproto", "transition:email", "transition:generic", "transition:chat.bsky"],
            "subject_types_supported": ["public"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": true,
            "require_pushed_authorization_requests": true,
            "require_request_uri_registration": true,
            "client_id_metadata_document_supported": true,
        ]
    }

    /// Checks the proof first, as every endpoint does, and gives errors their form.
    private func protected(
        _ request: IncomingRequest,
        _ body: (_ jkt: String) throws(Refusal) -> HTTPResponse
    ) -> HTTPResponse {
        let personality = state.withLock(\.personality)
        let now = clock.now()
        var response: HTTPResponse
        do {
            response = try body(try proofKey(request, personality, now))
            if personality == .cocoon, request.path == "/oauth/token" { return response }
        } catch {
            var members: [String: JSONValue] = ["error": .string(error.code)]
            members["error_description"] = error.message.map(JSONValue.string)
            response = .json(.object(members), status: error.status)
        }
        response.headers["DPoP-Nonce"] = proofs.nonce(at: now)
        response.headers["Cache-Control"] = "no-store"
        return response
    }

    private func proofKey(
        _ request: IncomingRequest,
        _ personality: Personality,
        _ now: Double
    ) throws(Refusal) -> String {
        do {
            let window: ProofVerifier.Window = personality == .cocoon ? .cocoon : .reference
            return try proofs.verify(request, accessToken: nil, window: window, at: now)
        } catch {
            if personality == .cocoon, error.isTime { throw Refusal(code: "InvalidRequest") }
            let status = error.code == "use_dpop_nonce" ? 400 : 401
            throw Refusal(status: status, code: error.code, message: error.message)
        }
    }

    private func revoke(_ request: IncomingRequest) throws(Refusal) -> HTTPResponse {
        let form = Form(request)
        _ = try authenticate(form, of: try client(form.value("client_id")))
        tokens.revoke(form["token"] ?? "")
        return .json([:])
    }
}

/// The fields of a form body, each at most once.
struct Form {
    private let values: [String: String]

    init(_ request: IncomingRequest) {
        values = Dictionary(request.form.map { ($0.name, $0.value) }) { first, _ in first }
    }

    subscript(name: String) -> String? { values[name] }

    /// A field that must be there.
    func value(_ name: String) throws(AuthorizationServer.Refusal) -> String {
        guard let value = values[name], !value.isEmpty else {
            throw AuthorizationServer.Refusal(code: "invalid_request", message: "Missing parameter \"\(name)\"")
        }
        return value
    }
}
