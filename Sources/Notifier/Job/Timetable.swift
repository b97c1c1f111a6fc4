/// When something is looked at again: the waits of the configuration.
struct Timetable: Sendable {
    /// How long a message in doubt is left alone.
    let settle: Duration
    /// The first and the longest wait while the service cannot be reached.
    let sending: (first: Duration, longest: Duration)
    /// The first and the longest wait after failed look-ups.
    let lookup: (first: Duration, longest: Duration)
    /// How often to ask about a follow.
    let follow: Duration
    /// How often to try again a recipient who takes no messages.
    let setting: Duration
    /// The longest wait of a job for its recipient.
    let expiry: Duration

    /// The wait of a job after this verdict and so many earlier failures.
    func wait(of job: JobMachine, after verdict: Verdict, attempts: Int) -> Duration {
        if let wait = verdict.wait { return wait }
        if job.state == .deferred, let reason = job.reason { return wait(for: reason, attempts: attempts) }
        // A hold or a pause is the sender's wait, not the job's.
        let isSenders = verdict.hold != nil || verdict.action == .pause
        return isSenders ? .zero : sending.first.doubled(attempts, atMost: sending.longest)
    }

    /// The wait of a look-up after this verdict and so many earlier failures.
    func wait(ofLookupAfter verdict: Verdict, attempts: Int) -> Duration {
        if verdict.action == .defer { return lookup.longest }
        return verdict.wait ?? lookup.first.doubled(attempts, atMost: lookup.longest)
    }

    /// The wait of a row with this reason; the row is looked at after that at the latest.
    func wait(for reason: Reason, attempts: Int = 0) -> Duration {
        // The AppView is asked as soon as it answers again.
        if reason == .relationshipUnknown { return .zero }
        return switch reason.waits {
        case .follow: follow
        case .setting: setting
        case .account: lookup.longest
        case .limit, .time, nil: sending.first.doubled(attempts, atMost: sending.longest)
        }
    }

    /// The wait for a recipient who is not told yet.
    func wait(for admission: Admission) -> Duration {
        guard case .waits(let reason) = admission else { return .zero }
        return wait(for: reason)
    }
}

extension Duration {
    /// The wait after so many more failures; each doubles it.
    func doubled(_ times: Int, atMost longest: Duration) -> Duration { min(longest, self * (1 << min(times, 20))) }
}
