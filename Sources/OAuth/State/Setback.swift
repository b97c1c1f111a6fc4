internal import Network

/// What one kind of attempt last came to, and when it is made again; times are seconds of uptime.
///
/// A wait is a duration: a wall clock that was wrong leaves none behind.
struct Setback: Sendable, Equatable {
    /// What the attempts are.
    enum Attempt: String, Sendable, CaseIterable {
        /// Renewals of the tokens.
        case refresh
        /// Calls on the PDS.
        case call
        /// Looks at where the account lives.
        case home
    }

    /// What the last attempt came to; nil when it went well.
    private(set) var state: SessionState?
    /// No attempt before this.
    private(set) var notBefore: Double = 0
    /// Attempts in a row that were refused without proof.
    private(set) var refusals = 0
    private var failures = 0
    private var notedAt: Double = 0

    /// Refusals are in a row when no more than a day lies between two.
    private static let memory: Double = 86_400

    /// Notes an attempt that failed.
    ///
    /// - Parameters:
    ///   - state: what it came to.
    ///   - uptime: now.
    ///   - wait: what a server asked for, in seconds; nil leaves it to the reason's pace.
    ///   - jitter: between 0 and 1.
    mutating func note(_ state: SessionState, at uptime: Double, wait: Double? = nil, jitter: Double) {
        // Several attempts that were under way together are one.
        guard isOver(at: uptime) || state.problem?.reason != self.state?.problem?.reason else { return }
        let pace = state.problem?.reason.pace ?? .patient
        if uptime - notedAt > Self.memory { refusals = 0 }
        notedAt = uptime
        notBefore = uptime + (wait ?? pace.wait(after: pace == .patient ? refusals : failures, jitter: jitter))
        if pace == .patient { refusals += 1 } else { failures += 1 }
        self.state = state
    }

    /// An attempt of another kind went well, which says that this kind may: how often it was refused is not forgotten.
    mutating func pass() {
        state = nil
        notBefore = 0
    }

    /// Whether an attempt may be made.
    func isOver(at uptime: Double) -> Bool { uptime >= notBefore }

    /// What a restart must not forget, at a date; nil when waiting a little is all there is.
    func stored(at date: UnixTime) -> Stored? {
        guard let state, let reason = state.problem?.reason else { return nil }
        guard reason.pace == .patient || reason == .passwordRefused || refusals > 0 else { return nil }
        return Stored(state: state, refusals: refusals, at: date)
    }

    /// A setback in the session file.
    struct Stored: Sendable, Equatable {
        var state: SessionState
        var refusals: Int
        var at: UnixTime
        /// Seconds for which another home of the account was confirmed.
        var confirmed: Double = 0

        /// Shortest wait of a new process: it may be one of many.
        private static let shortest: Double = 60

        /// The setback in a process that has just begun: it asks at once, for its operator may have mended something; but
        /// not sooner than a server bears it, whatever the clock says meanwhile.
        func resumed(at now: SessionTime) -> Setback {
            let isPassword = state.problem?.reason == .passwordRefused
            let longest = isPassword ? RetryPace.longestPatience : Self.shortest
            let left = min(longest, max(0, longest - max(0, (now.date - at).inSeconds)))
            var setback = Setback()
            setback.state = state
            setback.refusals = refusals
            setback.notBefore = now.uptime + left
            setback.notedAt = now.uptime
            return setback
        }
    }
}
