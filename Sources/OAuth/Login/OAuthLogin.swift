internal import ATProtocol
internal import Crypto
internal import Logging
public import Network

/// The login through the browser, in two halves that may be hours and processes apart (atproto.com/specs/oauth).
public struct OAuthLogin: Sendable {
    let configuration: SessionConfiguration
    let environment: SessionEnvironment
    let sender: DPoPSender
    let pendingFile: PendingLoginFile

    /// What the operator needs to continue in a browser.
    public struct Invitation: Sendable, Equatable {
        /// The URL to open within five minutes; it contains no secret.
        public let authorizationURL: WebURL
        /// The `state` of this login, which its callback must have.
        public let state: String
        public let redirectURI: String
        /// The lifetime of the URL in seconds.
        public let lifetime: Double
    }

    /// A login for a configuration of kind ``SessionKind/confidential`` or ``SessionKind/loopback``.
    public init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) {
        self.configuration = configuration
        self.environment = environment
        sender = DPoPSender(environment)
        pendingFile = PendingLoginFile(directory: configuration.stateDirectory, files: environment.files)
    }

    var discovery: ServerDiscovery { ServerDiscovery(configuration, environment) }

    /// The issuer of the account's authorization server, without using a cache.
    ///
    /// - Throws: ``OAuthError`` when the server does not offer this kind of login.
    public func issuer() async throws(OAuthError) -> String {
        try await discovery.home(of: configuration.account).server.issuer
    }

    /// The first half of the login: pushes the request and stores what the second half needs.
    ///
    /// - Parameters:
    ///   - port: the port of a ``CallbackListener``; for loopback clients only.
    ///   - hint: the handle or DID for the login page; nil for the DID.
    /// - Returns: the URL to open.
    /// - Throws: ``OAuthError``.
    public func start(port: UInt16? = nil, hint: String? = nil) async throws(OAuthError) -> Invitation {
        let identity = try ClientIdentity(configuration, port: port, files: environment.files)
        if identity.key != nil { try await ClientMetadata(configuration, environment).requireHosted() }
        let home = try await discovery.home(of: configuration.account)
        let key = try newKey()
        let pkce = PKCE()
        let state = SecureRandom.token(bytes: 16)
        var fields = [
            (name: "response_type", value: "code"), ("code_challenge", pkce.challenge),
            ("code_challenge_method", "S256"), ("state", state), ("redirect_uri", identity.redirectURI),
            ("scope", configuration.scopes(of: configuration.scope).joined(separator: " ")),
            // Servers reject a hint that begins with @.
            ("login_hint", String((hint ?? configuration.account.text).drop { $0 == "@" })),
        ]
        // A fragment is not sent to the callback page's host, so the code cannot get into its log.
        if identity.key != nil { fields.append(("response_mode", "fragment")) }
        let client = TokenClient(sender: sender, identity: identity, issuer: home.server.issuer, key: key)
        let response = try await client.post(fields, to: home.server.pushedRequestEndpoint)
        guard response.status == 200 || response.status == 201, let json = try? JSONValue(parsing: response.body),
            let requestURI = json["request_uri"]?.string
        else { throw refusal(home.server.issuer, "the login request", response) }
        try await keep(
            PendingLogin(
                state: state,
                verifier: pkce.verifier,
                dpopKey: privateJWK(key),
                issuer: home.server.issuer,
                account: configuration.account,
                clientID: identity.id,
                redirectURI: identity.redirectURI,
                clientKeyID: identity.key?.id,
                createdAt: environment.clock.now()
            )
        )
        return Invitation(
            authorizationURL: home.server.authorizationEndpoint.adding(query: [
                ("client_id", identity.id), ("request_uri", requestURI),
            ]),
            state: state,
            redirectURI: identity.redirectURI,
            lifetime: json["expires_in"]?.integer.map(Double.init) ?? 300
        )
    }

    private func keep(_ login: PendingLogin) async throws(OAuthError) {
        let file = pendingFile
        try await BlockingQueue().run { () throws(OAuthError) in try file.save(login) }
    }

    private func newKey() throws(OAuthError) -> SigningKey {
        do { return try SigningKey(.p256) } catch {
            throw OAuthError(code: .crypto, sentence: "The session's key could not be made: \(error.detail).")
        }
    }

    private func privateJWK(_ key: SigningKey) throws(OAuthError) -> JSONValue {
        do { return try JSONWebKey.json(key) } catch {
            throw OAuthError(code: .crypto, sentence: "The session's key could not be stored: \(error.detail).")
        }
    }

    func refusal(_ issuer: String, _ what: String, _ response: HTTPResponse) -> OAuthError {
        let error = XRPCError(response)
        return OAuthError(
            code: .refused,
            sentence: "\(issuer) refused \(what): \(error).",
            advice: RefusalAdvice(configuration).text(for: error.name, status: error.status)
        )
    }
}
