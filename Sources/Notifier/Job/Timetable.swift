/// When something is looked at again: the waits of the configuration.
struct Timetable: Sendable {
    /// How long a message in doubt is left alone.
    var settle = Duration.seconds(120)
    /// First and longest wait after failures of the way.
    var sending = (first: Duration.seconds(5), longest: Duration.seconds(900))
    /// First and longest wait after failed look-ups.
    var lookup = (first: Duration.seconds(15), longest: Duration.seconds(3600))
    /// How often a follow is asked for.
    var follow = Duration.seconds(900)
    /// How often a recipient who takes no messages is asked again.
    var setting = Duration.seconds(7 * 86_400)
    /// How long a job waits for its recipient at most.
    var expiry = Duration.seconds(30 * 86_400)

    /// The wait of a job that failed so, so often before.
    func wait(of job: JobMachine, after verdict: Verdict, attempts: Int) -> Duration {
        if let wait = verdict.wait { return wait }
        if job.state == .deferred, let reason = job.reason { return wait(for: reason, attempts: attempts) }
        // A hold or a pause is the sender's wait, not the job's.
        let isSenders = verdict.hold != nil || verdict.action == .pause
        return isSenders ? .zero : sending.first.doubled(attempts, atMost: sending.longest)
    }

    /// The wait of a look-up that failed so, so often before.
    func wait(ofLookupAfter verdict: Verdict, attempts: Int) -> Duration {
        if verdict.action == .defer { return lookup.longest }
        return verdict.wait ?? lookup.first.doubled(attempts, atMost: lookup.longest)
    }

    /// How long what waits for this reason is left alone; rows are looked at then, whatever else wakes them.
    func wait(for reason: Reason, attempts: Int = 0) -> Duration {
        // The AppView is asked as soon as it answers.
        if reason == .relationshipUnknown { return .zero }
        return switch reason.waits {
        case .follow: follow
        case .setting: setting
        case .account: lookup.longest
        case .limit, .time, nil: sending.first.doubled(attempts, atMost: sending.longest)
        }
    }

    /// How long a recipient who is not told yet is left alone.
    func wait(for admission: Admission) -> Duration {
        guard case .waits(let reason) = admission else { return .zero }
        return wait(for: reason)
    }
}

extension Duration {
    /// The wait after so many failures more: each is twice the one before.
    func doubled(_ times: Int, atMost longest: Duration) -> Duration { min(longest, self * (1 << min(times, 20))) }
}
