internal import ATProtocol
internal import Crypto
internal import Network

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

        /// The binding at the endpoints that its server names now; nil when they are the same.
        func moved(to server: AuthorizationServer) -> Binding? {
            var moved = self
            moved.tokenEndpoint = server.tokenEndpoint.description
            moved.revocationEndpoint = server.revocationEndpoint?.description
            return moved == self ? nil : moved
        }
    }

    /// A refresh that was begun and, as far as the disk knows, not ended.
    struct Intent: Sendable, Equatable {
        var generation: Int64
        var startedAt: UnixTime
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
    var expiresAt: UnixTime?
    var createdAt: UnixTime
    var refreshedAt: UnixTime
    var intent: Intent?
    /// A lasting verdict, which rests on proof; nil while all is well, or nobody knows.
    var verdict: SessionState?
    /// What attempts ran into that are made again for ever.
    var setbacks: [Setback.Attempt: Setback.Stored] = [:]
    /// Whether the file that it was read from is not encrypted although a key is configured.
    var isInTheClear = false

    /// What a log may hold to tell tokens apart: the first 8 hexadecimal digits of the refresh token's SHA-256.
    var tokenMark: String {
        Hexadecimal.encode(Digest.sha256(refreshToken).prefix(4))
    }

    /// When the session ends whatever one does.
    var endsAt: UnixTime? { kind.lifetime.map { createdAt + $0 } }

    /// Whether a refresh was begun and not ended by an earlier process.
    var isInterrupted: Bool { intent?.generation == generation }

    /// The record with new tokens.
    ///
    /// - Parameters:
    ///   - tokens: as the server gave them.
    ///   - date: now.
    ///   - askedAt: when they were asked for, which their life counts from.
    /// - Returns: the next generation; its state is the old one's.
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

    /// Whether two records tell the same of the session's state, whenever that was.
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

    /// Whether another record holds the same tokens.
    func isSameGeneration(as other: SessionRecord) -> Bool {
        other.loginID == loginID && other.generation == generation
    }

    /// What is printed of it, should somebody ever print it: no secret.
    var description: String { "session of \(account), generation \(generation)" }
}
