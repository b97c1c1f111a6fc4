internal import Network

/// Decides when regular maintenance is due; it uses uptime, so that a wrong clock does not delay anything.
struct MaintenanceSchedule: Sendable {
    static let day: Double = 86_400
    private var identityDue: Double = 0
    private var keepAliveJitter: Double = 0
    private var warnedStage: Int?

    /// Starts the schedule; the jitter, between 0 and 1, spreads the daily work over two hours.
    mutating func start(at now: SessionTime, jitter: Double) {
        identityDue = now.uptime + Self.day * (0.95 + 0.1 * jitter)
        keepAliveJitter = Self.day * 0.1 * (jitter - 0.5)
    }

    /// Whether the daily check of the account's identity is due; if so, records it as done.
    mutating func takesIdentityCheck(at now: SessionTime, jitter: Double) -> Bool {
        guard now.uptime >= identityDue else { return false }
        identityDue = now.uptime + Self.day * (0.95 + 0.1 * jitter)
        return true
    }

    /// Whether the daily refresh is due: well before the 91 idle days end, but not more often than necessary.
    ///
    /// A refresh time in the future comes from a wrong clock and does not tell how long ago the refresh was.
    func wantsKeepAlive(_ record: SessionRecord, at now: SessionTime) -> Bool {
        let age = now.date - record.refreshedAt
        return age >= .seconds(Self.day + keepAliveJitter) || age < .seconds(-3600)
    }

    /// The warning about the session's end that is due, if any.
    ///
    /// Warnings come at 80 % and 95 % of its life, daily in its last week, and after 60 idle days.
    mutating func takesWarning(_ record: SessionRecord, at now: SessionTime) -> String? {
        let due = Self.warning(record, at: now.date)
        defer { warnedStage = due?.stage }
        guard let due, due.stage > warnedStage ?? -1 else { return nil }
        return due.text
    }

    private static func warning(_ record: SessionRecord, at now: UnixTime) -> (stage: Int, text: String)? {
        if let lifetime = record.kind.lifetime?.inSeconds, let end = record.endsAt {
            let left = (end - now).inSeconds
            let days = Int((left / day).rounded(.up))
            if left <= 7 * day { return (100 - max(0, days), "the session ends in \(max(0, days)) days") }
            if left <= 0.05 * lifetime { return (2, "the session ends in \(days) days") }
            if left <= 0.2 * lifetime { return (1, "the session ends in \(days) days") }
        }
        if record.kind == .confidential, now - record.refreshedAt >= .seconds(60 * day) {
            return (0, "the tokens were not renewed for 60 days; at 91 the session ends")
        }
        return nil
    }
}
