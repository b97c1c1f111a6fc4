/// How long sessions and tokens live, in seconds; the reference server's numbers.
public struct OAuthLifetimes: Sendable {
    /// A public client's session from login, and its refresh token.
    public var publicSession = 14 * 86_400.0
    /// A confidential client's session from login.
    public var confidentialSession = 730.5 * 86_400.0
    /// A confidential client's refresh token since the last refresh.
    public var confidentialRefresh = 91.3 * 86_400.0
    /// An access token.
    public var access = 3600.0
    /// Whether an access token outlives its session and its successor, as at bsky.social.
    public var areAccessTokensStateless = false

    /// The reference server's numbers.
    public init() {}

    func session(isConfidential: Bool) -> Double { isConfidential ? confidentialSession : publicSession }

    func refresh(isConfidential: Bool) -> Double { isConfidential ? confidentialRefresh : publicSession }
}
