public import ATProtocol
internal import Crypto
internal import Network
internal import Synchronization

/// The OAuth authorization server: PAR, a page that approves by itself, token and revocation endpoints.
///
/// It is an adversary that keeps to the letter: every check of the reference server in its order, single-use refresh
/// tokens, deletion of the session on an error during a refresh. What it does wrong beyond that, ``Misbehaviour`` says.
public final class AuthorizationServer: Sendable {
    /// Whose habits it has.
    public enum Personality: String, Sendable {
        /// bluesky-social/atproto.
        case reference
        /// haileyok/cocoon: no `invalid_grant`, `iat` at most 5 s ahead, no nonce on a successful token response, no
        /// deletion on replay.
        case cocoon
        /// bluesky-social/atproto before August 2025: it knows no granular scopes, and refuses clients that declare any.
        case beforeGranularScopes = "before-granular-scopes"
    }

    struct State {
        var personality = Personality.reference
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

        /// What the reference server says of its own errors.
        static let serverError = Refusal(status: 500, code: "server_error", message: "Server error")
    }

    static let tokenPath = "/oauth/token"
    /// Where the token endpoint is when it has moved; a fault on the old path strikes it, too.
    static let movedTokenPath = "/oauth/token/v2"

    let state = Mutex(State())
    let tokens: OAuthTokenStore
    let proofs: ProofVerifier
    let clients: ClientDirectory
    let accounts: AccountBook
    let clock: SandboxClock
    let faults: FaultPlan
    private let signer: AccessTokenSigner
    /// `issuer`: the origin.
    public let issuer: String

    init(url: WebURL, accounts: AccountBook, clock: SandboxClock, door: FrontDoor) throws(SandboxError) {
        issuer = url.origin
        signer = try AccessTokenSigner(issuer: url.origin)
        tokens = OAuthTokenStore(signer: signer)
        proofs = ProofVerifier(origin: url.origin)
        clients = ClientDirectory(clock: clock, door: door)
        self.accounts = accounts
        self.clock = clock
        faults = door.faults
    }

    // MARK: What a test sets

    /// Lifetimes of sessions and tokens.
    public var lifetimes: OAuthLifetimes {
        get { tokens.lifetimes }
        set { tokens.lifetimes = newValue }
    }

    /// Takes on another server's habits.
    public func use(_ personality: Personality) { state.withLock { $0.personality = personality } }

    /// Lets client metadata be found at its `client_id`, or a key set at its `jwks_uri`, as if it were hosted there.
    ///
    /// The server keeps what it has fetched for 600 seconds, whatever is hosted then.
    ///
    /// - Parameters:
    ///   - document: nil takes it away.
    ///   - url: where.
    public func host(_ document: JSONValue?, at url: String) { clients.host(document, at: url) }

    /// Whether the person at the authorization page says yes.
    public func setConsenting(_ isConsenting: Bool) { state.withLock { $0.isConsenting = isConsenting } }

    /// Ends every session of an account, as a person does in the account's settings.
    public func revokeSessions(of did: DID) { tokens.endAll(of: did) }

    /// How many sessions live.
    public var sessionCount: Int { tokens.count }

    // MARK: Requests

    func answer(_ request: IncomingRequest) -> HTTPResponse {
        switch (request.method, request.path) {
        case ("GET", "/.well-known/oauth-authorization-server"):
            .json(metadata(tokenPath: tokenPath(for: request).path))
        case ("GET", "/oauth/jwks"): .json(signer.jwks)
        case ("GET", "/oauth/authorize"): authorize(request)
        case ("POST", "/oauth/par"):
            protected(request) { form throws(Refusal) in
                _ = try form.clientID(orRefuse: "invalid_client")
                return form
            } act: { form, jkt throws(Refusal) in
                try self.push(form, jkt: jkt)
            }
        case ("POST", Self.tokenPath), ("POST", Self.movedTokenPath): token(request)
        case ("POST", "/oauth/revoke"): revoke(request)
        default: .text("Not Found", status: 404)
        }
    }

    private func token(_ request: IncomingRequest) -> HTTPResponse {
        let endpoint = tokenPath(for: request)
        guard request.path == endpoint.path else {
            return .text("There is no token endpoint here.", status: endpoint.oldStatus)
        }
        return protected(request) { form throws(Refusal) in
            _ = try form.clientID(orRefuse: "invalid_grant")
            return (form, try TokenRequest(form))
        } act: { input, jkt throws(Refusal) in
            try self.exchange(request, input.0, input.1, jkt: jkt)
        }
    }

    /// Where the token endpoint is now, and what the other path answers.
    private func tokenPath(for request: IncomingRequest) -> (path: String, oldStatus: Int) {
        let status = faults.misbehaviour(at: request, \.oldTokenEndpointStatus)
        return status.map { (Self.movedTokenPath, $0) } ?? (Self.tokenPath, 404)
    }

    private func metadata(tokenPath: String) -> JSONValue {
        [
            "issuer": .string(issuer),
            "authorization_endpoint": .string(issuer + "/oauth/authorize"),
            "token_endpoint": .string(issuer + tokenPath),
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

    /// Reads the form, then checks the proof, then acts, as every endpoint does; gives errors their form.
    private func protected<Input>(
        _ request: IncomingRequest,
        read: (Form) throws(Refusal) -> Input,
        act: (Input, _ jkt: String) throws(Refusal) -> HTTPResponse
    ) -> HTTPResponse {
        let personality = state.withLock(\.personality)
        let now = clock.now().seconds
        let form = Form(request)
        var response: HTTPResponse
        do {
            let input = try read(form)
            response = try act(input, try proofKey(request, personality, now))
            if personality == .cocoon, request.path.hasPrefix(Self.tokenPath) { return response }
        } catch {
            var members: [String: JSONValue] = ["error": .string(error.code)]
            members["error_description"] = description(of: error, form, request).map(JSONValue.string)
            response = .json(.object(members), status: error.status)
        }
        response.headers["DPoP-Nonce"] = proofs.nonce(at: now)
        response.headers["Cache-Control"] = "no-store"
        return response
    }

    private func description(of refusal: Refusal, _ form: Form, _ request: IncomingRequest) -> String? {
        guard request.path.hasPrefix(Self.tokenPath), let token = form["refresh_token"],
            faults.shows(.quotedToken, at: request)
        else { return refusal.message }
        return "\(refusal.message ?? refusal.code) (refresh_token=\(token))"
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

    /// Says `{}` whatever comes of it: a bad client, a token that is unknown or of somebody else, an error of the store.
    private func revoke(_ request: IncomingRequest) -> HTTPResponse {
        protected(request) { form throws(Refusal) in
            _ = try form.clientID(orRefuse: "invalid_request")
            return (form, try form.value("token", orRefuse: "invalid_request", "Invalid request payload"))
        } act: { input, jkt throws(Refusal) in
            let (form, token) = input
            if let id = form["client_id"], let client = try? self.clients.client(id),
                let proof = try? self.authenticate(form, of: client), !self.faults.shows(.storeError, at: request)
            {
                self.tokens.revoke(token, proof, jkt: jkt)
            }
            return .json([:])
        }
    }
}
