/// How often at most a recipient wants to be told of requests.
public enum DigestPace: String, Sendable, Hashable, CaseIterable {
    /// As soon as there is something to tell.
    case now
    /// Once an hour.
    case hourly
    /// Once a day.
    case daily
    /// Once a week.
    case weekly

    /// The least time between two messages.
    public var window: Duration {
        switch self {
        case .now: .zero
        case .hourly: .seconds(3600)
        case .daily: .seconds(86_400)
        case .weekly: .seconds(604_800)
        }
    }
}
