internal import ATProtocol
internal import Crypto
internal import Network

/// Tokens that are bound to a DPoP key and renewed at the authorization server.
struct OAuthScheme: TokenScheme {
    let configuration: SessionConfiguration
    let sender: DPoPSender
    private let discovery: ServerDiscovery
    private let secrets = KnownSecrets()
    /// The client identity; nil when the configuration has no usable client, and then nothing is sent.
    let identity: ClientIdentity?
    let identityProblem: String

    init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) {
        self.configuration = configuration
        sender = DPoPSender(environment)
        discovery = ServerDiscovery(configuration, environment)
        do throws(OAuthError) {
            identity = try ClientIdentity(configuration, port: nil, files: environment.files)
            identityProblem = ""
        } catch {
            identity = nil
            identityProblem = error.sentence
        }
    }

    func mismatch(with record: SessionRecord) -> SessionProblem? {
        guard let binding = record.binding else {
            return SessionProblem(.fileUnusable, "the stored session has no client")
        }
        guard let identity else { return SessionProblem(.credentials, identityProblem) }
        // The identity of a loopback client was determined at login; the stored spelling is the one that counts.
        if configuration.kind == .confidential || configuration.clientID != nil {
            guard identity.id == binding.clientID else {
                return SessionProblem(.otherClient, "the session belongs to the client \(binding.clientID)")
            }
        }
        guard identity.key?.id == binding.clientKeyID, identity.key?.thumbprint == binding.clientKeyThumbprint else {
            return SessionProblem(.otherKey, "the session belongs to the client key \(binding.clientKeyID ?? "none")")
        }
        guard let key = try? JSONWebKey.signingKey(binding.dpopKey),
            key.publicKey.thumbprint == binding.dpopThumbprint
        else { return SessionProblem(.keyBinding, "the stored DPoP key is not the one that the tokens are bound to") }
        return nil
    }

    private func tokenClient(_ record: SessionRecord) throws(OAuthError) -> (TokenClient, SessionRecord.Binding) {
        if let trouble = mismatch(with: record) { throw OAuthError(code: .configuration, sentence: trouble.detail) }
        guard let binding = record.binding, let identity else {
            throw OAuthError(code: .configuration, sentence: identityProblem)
        }
        let stored = ClientIdentity(id: binding.clientID, key: identity.key, redirectURI: identity.redirectURI)
        let key = try signingKey(binding)
        let client = TokenClient(
            sender: sender,
            identity: stored,
            issuer: binding.issuer,
            key: key,
            redaction: secrets.redaction(with: record)
        )
        return (client, binding)
    }

    private func signingKey(_ binding: SessionRecord.Binding) throws(OAuthError) -> SigningKey {
        do throws(CryptoError) { return try JSONWebKey.signingKey(binding.dpopKey) } catch {
            throw OAuthError(code: .crypto, sentence: "The stored DPoP key is unusable: \(error.detail).")
        }
    }

    private func url(_ text: String) throws(OAuthError) -> WebURL {
        guard let url = configuration.trusted(text) else {
            throw OAuthError(code: .configuration, sentence: "The stored endpoint \(text) is not https.")
        }
        return url
    }

    func refresh(_ record: SessionRecord) async -> RefreshReply {
        do throws(OAuthError) {
            let (client, binding) = try tokenClient(record)
            let response = try await client.post(
                [("grant_type", "refresh_token"), ("refresh_token", record.refreshToken)],
                to: url(binding.tokenEndpoint),
                timeout: Self.patience
            )
            return RefreshReply(token: response, now: sender.clock.now())
                .telling(noneOf: secrets.redaction(with: record))
        } catch {
            return RefreshReply(error)
        }
    }

    /// A server may answer late after it has rotated the token, and its response is the only copy of the new one.
    private static let patience: Duration = .seconds(120)

    func movedEndpoints(_ record: SessionRecord) async -> SessionRecord.Binding? {
        guard let binding = record.binding, let issuer = try? url(binding.issuer), let pds = try? WebURL(record.pds),
            let server = try? await discovery.server(issuer: issuer, of: pds)
        else { return nil }
        return binding.moved(to: server)
    }

    func signIn(_ record: SessionRecord) async -> RefreshReply {
        .impossible("an OAuth session cannot start without a browser")
    }

    func send(_ request: HTTPRequest, _ record: SessionRecord) async throws(OAuthError) -> HTTPResponse {
        guard let binding = record.binding else {
            throw OAuthError(code: .configuration, sentence: "The stored session has no key.")
        }
        let key = try signingKey(binding)
        let response = try await sender.send(to: request.url, key: key, accessToken: record.accessToken) { _ in request
        }
        return secrets.redaction(with: record)(response)
    }

    func revoke(_ record: SessionRecord) async throws(OAuthError) {
        let (client, binding) = try tokenClient(record)
        guard let endpoint = binding.revocationEndpoint else {
            throw OAuthError(code: .refused, sentence: "\(binding.issuer) offers no revocation.")
        }
        try await client.revoke(record.refreshToken, at: url(endpoint))
    }

    func forget(_ origin: String) { sender.origins.forget(origin) }
}
