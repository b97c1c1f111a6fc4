/// How the daemon proves to be the account.
public enum SessionKind: String, Sendable, CaseIterable, Codable {
    /// OAuth with hosted metadata and a key on this host: two years, the choice for servers.
    case confidential
    /// OAuth with the `http://localhost` client: a trial that ends after 14 days, whatever one does.
    case loopback
    /// An app password: no browser, and it heals without a human.
    case appPassword = "app-password"

    /// Seconds from login to the end that no refresh moves; nil when there is none (facts of the reference server).
    public var lifetime: Double? {
        switch self {
        case .confidential: 2 * 365.25 * 86_400
        case .loopback: 14 * 86_400
        case .appPassword: nil
        }
    }

    /// Seconds that a refresh token lives unused.
    var idleLifetime: Double {
        switch self {
        case .confidential: 91.3 * 86_400
        case .loopback: 14 * 86_400
        case .appPassword: 90 * 86_400
        }
    }
}
