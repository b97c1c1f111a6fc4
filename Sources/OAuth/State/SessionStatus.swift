public import ATProtocol
public import Network

/// The status of a session, without tokens, keys or codes.
public struct SessionStatus: Sendable, Equatable {
    /// How the session authenticates.
    public var kind: SessionKind
    public var account: DID
    /// The origin of the account's PDS; nil without a session.
    public var pds: String?
    /// The authorization server's issuer; nil for app passwords and without a session.
    public var issuer: String?
    /// The `client_id`; OAuth only.
    public var clientID: String?
    /// The granted scope; OAuth only.
    public var scope: String?
    /// Whether the granted scope allows the two chat calls.
    public var canSendMessages: Bool
    /// Whether the granted scope allows public posts.
    public var canPost: Bool
    /// The number of rotations since the login.
    public var generation: Int64
    /// The time of the login.
    public var createdAt: UnixTime?
    /// When the tokens were last renewed.
    public var refreshedAt: UnixTime?
    /// When the access token expires.
    public var accessExpiresAt: UnixTime?
    /// When the session ends in any case; nil for app passwords.
    public var endsAt: UnixTime?
    /// When the refresh token expires if it is not used.
    public var idleEndsAt: UnixTime?
    public var state: SessionState
    /// The last problem in this process, which may be over; nil when there was none.
    public var lastProblem: SessionProblem?
    /// When the last problem was seen.
    public var lastProblemAt: UnixTime?
    /// How long calls wait; nil when they do not wait.
    public var waitsUntil: UnixTime?
    /// Why no message can be sent now; nil when one can, if necessary after a renewal of the tokens.
    package var sendObstacle: SendObstacle?
    /// How long the access token is valid although the session is over; nil otherwise.
    public var servesUntil: UnixTime?
    /// The number of this process's finished renewals, by result: `ok`, or the problem's reason.
    public var renewals: [String: Int64]

    /// Whether a message could be sent now.
    public var canSendNow: Bool { sendObstacle == nil }
}
