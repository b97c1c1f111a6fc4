internal import ATProtocol
internal import Crypto

/// The stored session: one JSON object in one file, replaced as a whole.
struct SessionRecord: Sendable, Equatable, CustomStringConvertible {
    static let format: Int64 = 1

    /// How OAuth proves to be the client and binds the tokens.
    struct Binding: Sendable, Equatable {
        /// The exact `client_id`: another spelling destroys the session.
        var clientID: String
        var issuer: String
        var tokenEndpoint: String
        var revocationEndpoint: String?
        /// Key id of the client key the login was made with; nil for public clients.
        var clientKeyID: String?
        /// Thumbprint of the client key; nil for public clients.
        var clientKeyThumbprint: String?
        /// Private JWK of the session's DPoP key.
        var dpopKey: JSONValue
        /// Thumbprint that the tokens are bound to.
        var dpopThumbprint: String
    }

    /// A refresh that was begun and, as far as the disk knows, not ended.
    struct Intent: Sendable, Equatable {
        var generation: Int64
        var startedAt: Double
    }

    var kind: SessionKind
    /// Random, new at each login: two logins are never the same session.
    var loginID: String
    /// Plus one at each rotation.
    var generation: Int64 = 0
    var account: DID
    var pds: String
    var binding: Binding?
    var accessToken: String
    var refreshToken: String
    var scope: String
    var expiresAt: Double?
    var createdAt: Double
    var refreshedAt: Double
    var intent: Intent?
    /// A lasting verdict (`needs-login`, `misconfigured`, `quarantined`); nil while all is well.
    var verdict: SessionState?

    /// What a log may hold to tell tokens apart: the first 8 hexadecimal digits of the refresh token's SHA-256.
    var tokenMark: String {
        Digest.sha256(refreshToken).prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// When the session ends whatever one does.
    var endsAt: Double? { kind.lifetime.map { createdAt + $0 } }

    /// Whether another record is a later state of the same login.
    func isSucceeded(by other: SessionRecord) -> Bool {
        other.loginID != loginID || other.generation > generation
    }

    /// What is printed of it, should somebody ever print it: no secret.
    var description: String { "session of \(account), generation \(generation)" }
}
