public import ATProtocol
public import Network

/// What may be told about a session: no token, no key, no code.
public struct SessionStatus: Sendable, Equatable {
    /// How it proves to be the account.
    public var kind: SessionKind
    /// The account.
    public var account: DID
    /// The account's PDS, an origin; nil without a session.
    public var pds: String?
    /// The authorization server's issuer; nil for app passwords and without a session.
    public var issuer: String?
    /// The client's identity; OAuth only.
    public var clientID: String?
    /// The granted scope; OAuth only.
    public var scope: String?
    /// Whether the scope allows the two chat calls.
    public var canSendMessages: Bool
    /// Whether the scope allows public posts.
    public var canPost: Bool
    /// Rotations since the login.
    public var generation: Int64
    /// When the login happened.
    public var createdAt: UnixTime?
    /// When tokens were last renewed.
    public var refreshedAt: UnixTime?
    /// When the access token ends.
    public var accessExpiresAt: UnixTime?
    /// When the session ends whatever one does; nil for app passwords.
    public var endsAt: UnixTime?
    /// When an unused refresh token would end.
    public var idleEndsAt: UnixTime?
    /// How it is.
    public var state: SessionState
    /// What was wrong last, in this process, and may have passed; nil when nothing was.
    public var lastProblem: SessionProblem?
    /// When that was seen.
    public var lastProblemAt: UnixTime?
    /// Why calls wait and until when; nil when they do not.
    public var waitsUntil: UnixTime?
    /// Why no message could be sent now; nil when one could, be it after a renewal of the tokens.
    package var sendObstacle: SendObstacle?
    /// Although the session is over, the access token serves until then; nil otherwise.
    public var servesUntil: UnixTime?
    /// Renewals of this process that ended, by result: `ok`, or the reason of the problem.
    public var renewals: [String: Int64]

    /// Whether a message could be sent now.
    public var canSendNow: Bool { sendObstacle == nil }
}
