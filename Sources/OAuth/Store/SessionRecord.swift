internal import ATProtocol
internal import Crypto
internal import Network

/// The stored session: one JSON object in one file, which is always replaced as a whole.
struct SessionRecord: Sendable, Equatable, CustomStringConvertible {
    static let format: Int64 = 1

    /// The OAuth client and the key to which the tokens are bound.
    struct Binding: Sendable, Equatable {
        /// The exact `client_id`; another spelling ends the session.
        var clientID: String
        var issuer: String
        var tokenEndpoint: String
        var revocationEndpoint: String?
        /// The key ID of the client key at login; nil for public clients.
        var clientKeyID: String?
        /// The thumbprint of the client key; nil for public clients.
        var clientKeyThumbprint: String?
        /// The private JWK of the session's DPoP key.
        var dpopKey: JSONValue
        /// The thumbprint to which the tokens are bound.
        var dpopThumbprint: String

        /// The binding with the server's current endpoints; nil when they have not changed.
        func moved(to server: AuthorizationServer) -> Binding? {
            var moved = self
            moved.tokenEndpoint = server.tokenEndpoint.description
            moved.revocationEndpoint = server.revocationEndpoint?.description
            return moved == self ? nil : moved
        }
    }

    /// A refresh that was begun and, according to the file, has not ended.
    struct Intent: Sendable, Equatable {
        var generation: Int64
        var startedAt: UnixTime
    }

    var kind: SessionKind
    /// A random ID, new at each login, which distinguishes logins.
    var loginID: String
    /// Incremented at each rotation.
    var generation: Int64 = 0
    var account: DID
    var pds: String
    var binding: Binding?
    var accessToken: String
    var refreshToken: String
    var scope: String
    var expiresAt: UnixTime?
    var createdAt: UnixTime
    var refreshedAt: UnixTime
    var intent: Intent?
    /// A lasting state, which is proven; nil when the session is fine or its state is unknown.
    var verdict: SessionState?
    /// The setbacks of attempts that are retried for ever.
    var setbacks: [Setback.Attempt: Setback.Stored] = [:]
    /// Whether it was read from an unencrypted file although a key is configured.
    var isInTheClear = false

    /// Identifies tokens in a log: the first 8 hexadecimal digits of the refresh token's SHA-256.
    var tokenMark: String {
        Hexadecimal.encode(Digest.sha256(refreshToken).prefix(4))
    }

    /// When the session ends in any case; nil when it has no end.
    var endsAt: UnixTime? { kind.lifetime.map { createdAt + $0 } }

    /// Whether an earlier process began a refresh and did not end it.
    var isInterrupted: Bool { intent?.generation == generation }

    /// The record with new tokens.
    ///
    /// - Parameters:
    ///   - tokens: the tokens from the server.
    ///   - date: the current time.
    ///   - askedAt: the time of the request, from which the tokens' lifetime counts.
    /// - Returns: the next generation, with the state of the old one.
    func renewed(with tokens: TokenSet, at date: UnixTime, askedAt: UnixTime) -> SessionRecord {
        var next = self
        next.generation += 1
        next.accessToken = tokens.accessToken
        next.refreshToken = tokens.refreshToken
        next.scope = tokens.scope ?? scope
        next.refreshedAt = date
        next.expiresAt = tokens.expiresIn.map { askedAt + $0 }
        next.intent = nil
        return next
    }

    /// Whether two records have the same session state, apart from times.
    func isSameState(as other: SessionRecord) -> Bool {
        func timeless(_ record: SessionRecord) -> [Setback.Attempt: Setback.Stored] {
            record.setbacks.mapValues { Setback.Stored(state: $0.state, refusals: $0.refusals, at: .distantPast) }
        }
        return verdict == other.verdict && timeless(self) == timeless(other)
    }

    /// Whether another record is a later state of the same login.
    func isSucceeded(by other: SessionRecord) -> Bool {
        other.loginID != loginID || other.generation > generation
    }

    /// Whether another record has the same tokens.
    func isSameGeneration(as other: SessionRecord) -> Bool {
        other.loginID == loginID && other.generation == generation
    }

    /// Without secrets, in case it is printed.
    var description: String { "session of \(account), generation \(generation)" }
}
