/// When something is looked at again: the waits of the configuration, in seconds.
struct Timetable: Sendable, Equatable {
    /// How long a message in doubt is left alone.
    var settle = 120.0
    /// First and longest wait after failures of the way.
    var sending = (first: 5.0, longest: 900.0)
    /// First and longest wait after failed look-ups.
    var lookup = (first: 15.0, longest: 3600.0)
    /// How often a follow is asked for.
    var follow = 900.0
    /// How often a recipient who takes no messages is asked again.
    var setting = 7 * 86_400.0
    /// How long a job waits for its recipient at most.
    var expiry = 30 * 86_400.0

    static func == (one: Timetable, other: Timetable) -> Bool {
        one.settle == other.settle && one.sending == other.sending && one.lookup == other.lookup
            && one.follow == other.follow && one.setting == other.setting && one.expiry == other.expiry
    }

    /// The wait of a job that failed so, so often before.
    func wait(of job: JobMachine, after verdict: Verdict, attempts: Int) -> Double {
        if let wait = verdict.wait { return wait / .seconds(1) }
        if job.state == .deferred, let reason = job.reason { return wait(for: reason, attempts: attempts) }
        // A hold or a pause is the sender's wait, not the job's.
        return verdict.hold != nil || verdict.action == .pause ? 0 : Self.backoff(sending, attempts)
    }

    /// The wait of a look-up that failed so, so often before.
    func wait(ofLookupAfter verdict: Verdict, attempts: Int) -> Double {
        if verdict.action == .defer { return lookup.longest }
        return verdict.wait.map { $0 / .seconds(1) } ?? Self.backoff(lookup, attempts)
    }

    /// How long what waits for this reason is left alone; rows are looked at then, whatever else wakes them.
    func wait(for reason: Reason, attempts: Int = 0) -> Double {
        // The AppView is asked as soon as it answers.
        if reason == .relationshipUnknown { return 0 }
        return switch reason.waits {
        case .follow: follow
        case .setting: setting
        case .account: lookup.longest
        case .limit, .time, nil: Self.backoff(sending, attempts)
        }
    }

    /// How long a recipient who is not told yet is left alone.
    func wait(for admission: Admission) -> Double {
        guard case .waits(let reason) = admission else { return 0 }
        return wait(for: reason)
    }

    private static func backoff(_ waits: (first: Double, longest: Double), _ attempts: Int) -> Double {
        min(waits.longest, waits.first * Double(1 << min(attempts, 20)))
    }
}
