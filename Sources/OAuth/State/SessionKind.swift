/// How the daemon authenticates as the account.
public enum SessionKind: String, Sendable, CaseIterable, Codable {
    /// OAuth with hosted metadata and a key on this host: lasts two years, for servers.
    case confidential
    /// OAuth with the `http://localhost` client: for trials, ends after 14 days in any case.
    case loopback
    /// An app password: needs no browser, and can start a new session by itself.
    case appPassword = "app-password"

    /// The time from login to the session's end, which no refresh extends; nil when there is no end.
    ///
    /// See bluesky-social/atproto, `packages/oauth/oauth-provider/src/constants.ts`.
    public var lifetime: Duration? {
        switch self {
        case .confidential: .seconds(2 * 365.25 * 86_400)
        case .loopback: .seconds(14 * 86_400)
        case .appPassword: nil
        }
    }

    /// How long an unused refresh token is valid.
    var idleLifetime: Duration {
        switch self {
        case .confidential: .seconds(91.3 * 86_400)
        case .loopback: .seconds(14 * 86_400)
        case .appPassword: .seconds(90 * 86_400)
        }
    }
}
