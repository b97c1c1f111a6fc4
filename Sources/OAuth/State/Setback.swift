internal import Network

/// The last result of one kind of attempt, and when it may be repeated; times are seconds of uptime.
///
/// Waits are durations, so that a wrong wall clock does not affect them.
struct Setback: Sendable, Equatable {
    /// The kind of attempt.
    enum Attempt: String, Sendable, CaseIterable {
        /// A renewal of the tokens.
        case refresh
        /// A call to the PDS.
        case call
        /// A check of the account's servers.
        case home
    }

    /// The result of the last attempt; nil when it succeeded.
    private(set) var state: SessionState?
    /// The uptime of the next attempt at the earliest.
    private(set) var notBefore: Double = 0
    /// How many attempts in a row were refused without proof.
    private(set) var refusals = 0
    private var failures = 0
    private var notedAt: Double = 0

    /// Refusals are in a row if no more than a day lies between them.
    private static let memory: Double = 86_400

    /// Records a failed attempt.
    ///
    /// - Parameters:
    ///   - state: the result.
    ///   - uptime: the current uptime.
    ///   - wait: the wait that the server asked for, in seconds; nil for the reason's own pace.
    ///   - jitter: between 0 and 1.
    mutating func note(_ state: SessionState, at uptime: Double, wait: Double? = nil, jitter: Double) {
        // Several attempts that ran at the same time count once.
        guard isOver(at: uptime) || state.problem?.reason != self.state?.problem?.reason else { return }
        let pace = state.problem?.reason.pace ?? .patient
        if uptime - notedAt > Self.memory { refusals = 0 }
        notedAt = uptime
        notBefore = uptime + (wait ?? pace.wait(after: pace == .patient ? refusals : failures, jitter: jitter))
        if pace == .patient { refusals += 1 } else { failures += 1 }
        self.state = state
    }

    /// Allows an attempt, because one of another kind succeeded; keeps the number of refusals.
    mutating func pass() {
        state = nil
        notBefore = 0
    }

    /// Whether an attempt may be made.
    func isOver(at uptime: Double) -> Bool { uptime >= notBefore }

    /// What must survive a restart, with a date; nil when only a short wait would be lost.
    func stored(at date: UnixTime) -> Stored? {
        guard let state, let reason = state.problem?.reason else { return nil }
        guard reason.pace == .patient || reason == .passwordRefused || refusals > 0 else { return nil }
        return Stored(state: state, refusals: refusals, at: date)
    }

    /// A setback as stored in the session file.
    struct Stored: Sendable, Equatable {
        var state: SessionState
        var refusals: Int
        var at: UnixTime
        /// How long a move of the account has been confirmed, in seconds.
        var confirmed: Double = 0

        /// The shortest wait of a new process, because processes may restart often.
        private static let shortest: Double = 60

        /// The setback in a process that has just started.
        ///
        /// The process tries early, because its operator may have fixed the cause, but not earlier than servers
        /// tolerate, even if the clock is wrong.
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
