/// How the daemon proves to be the account.
public enum SessionKind: String, Sendable, CaseIterable, Codable {
    /// OAuth with hosted metadata and a key on this host: two years, the choice for servers.
    case confidential
    /// OAuth with the `http://localhost` client: a trial that ends after 14 days, whatever one does.
    case loopback
    /// An app password: no browser, and it heals without a human.
    case appPassword = "app-password"

    /// The time from login to the end that no refresh moves; nil when there is none
    /// (bluesky-social/atproto, `packages/oauth/oauth-provider/src/constants.ts`).
    public var lifetime: Duration? {
        switch self {
        case .confidential: .seconds(2 * 365.25 * 86_400)
        case .loopback: .seconds(14 * 86_400)
        case .appPassword: nil
        }
    }

    /// How long a refresh token lives unused.
    var idleLifetime: Duration {
        switch self {
        case .confidential: .seconds(91.3 * 86_400)
        case .loopback: .seconds(14 * 86_400)
        case .appPassword: .seconds(90 * 86_400)
        }
    }
}
