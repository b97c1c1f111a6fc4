/// A limit on messages in a window of time: all messages, those to one owner, or those about one author's requests.
struct SendingLimit: Sendable, Equatable {
    /// Which messages are counted.
    enum Scope: Sendable {
        case everybody, owner, author
    }

    let scope: Scope
    /// The most messages in a window.
    let number: Int
    let window: Duration
    /// The reason that held-back jobs are given.
    let reason: Reason
    /// The most held-back jobs that go on in each window.
    var each: Int
}

extension NotifierConfiguration {
    /// The limits that apply to a recipient with these preferences, in the order in which they are checked.
    ///
    /// Preferences never raise a limit of the policy.
    func limits(for preferences: Preferences) -> [SendingLimit] {
        let (hour, day) = (Duration.seconds(3600), Duration.seconds(86_400))
        let ownDaily = min(policy.ownerDailyLimit, preferences.dailyLimit ?? .max)
        let ownHourly = min(policy.ownerHourlyLimit, preferences.hourlyLimit ?? .max)
        var limits = [
            SendingLimit(.everybody, sending.dailyLimit, day, .globalLimit),
            SendingLimit(.owner, ownDaily, day, .ownerLimit),
            SendingLimit(.owner, ownHourly, hour, .ownerLimit),
            SendingLimit(.author, policy.authorHourlyLimit, hour, .authorLimit),
        ]
        guard combinesRequests(for: preferences) else { return limits }
        limits.append(SendingLimit(.owner, 1, preferences.digest?.window ?? digest.window, .digestWindow))
        // Requests that are told together cost one message.
        for index in limits.indices where limits[index].scope == .owner { limits[index].each = .max }
        return limits
    }

    /// Whether a recipient with these preferences is told of several requests in one message.
    func combinesRequests(for preferences: Preferences) -> Bool {
        digest.isEnabled || (preferences.digest ?? .now) != .now
    }
}

extension SendingLimit {
    init(_ scope: Scope, _ number: Int, _ window: Duration, _ reason: Reason) {
        self.init(scope: scope, number: number, window: window, reason: reason, each: max(1, number))
    }
}
