/// A limit on the messages in a window of time: on all of them, on those to one owner, or of one author's requests.
struct SendingLimit: Sendable, Equatable {
    /// Whose messages are counted.
    enum Scope: Sendable {
        case everybody, owner, author
    }

    let scope: Scope
    /// The most messages in a window.
    let number: Int
    let window: Duration
    /// Why what it holds back waits.
    let reason: Reason
    /// The most jobs of what it holds back that go on in each window.
    var each: Int
}

extension NotifierConfiguration {
    /// The limits, in the order in which they count.
    var limits: [SendingLimit] {
        let (hour, day) = (Duration.seconds(3600), Duration.seconds(86_400))
        var limits = [
            SendingLimit(.everybody, sending.dailyLimit, day, .globalLimit),
            SendingLimit(.owner, policy.ownerDailyLimit, day, .ownerLimit),
            SendingLimit(.owner, policy.ownerHourlyLimit, hour, .ownerLimit),
            SendingLimit(.author, policy.authorHourlyLimit, hour, .authorLimit),
        ]
        guard digest.isEnabled else { return limits }
        limits.append(SendingLimit(.owner, 1, digest.window, .digestWindow))
        // Requests that are told together cost one message.
        for index in limits.indices where limits[index].scope == .owner { limits[index].each = .max }
        return limits
    }
}

extension SendingLimit {
    init(_ scope: Scope, _ number: Int, _ window: Duration, _ reason: Reason) {
        self.init(scope: scope, number: number, window: window, reason: reason, each: max(1, number))
    }
}
