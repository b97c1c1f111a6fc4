/// The session's state and timetable: takes events, answers what may be done now.
///
/// No clock and no I/O; times are seconds since the epoch.
struct SessionMachine: Sendable {
    private(set) var state: SessionState = .ok
    /// No refresh before this.
    private(set) var refreshNotBefore: Double = 0
    /// No call before this, while the account or the server asks for patience.
    private(set) var callsNotBefore: Double = 0
    /// Although the session is over, the access token serves until then.
    private(set) var servesUntil: Double = 0
    private var failures = 0
    /// Whether the last refresh brought no tokens, or was not begun.
    private(set) var hasRefreshFailed = false
    private var lastRefusal = ""
    private var equalRefusals = 0
    private var firstTokenRefusal: Double?
    private var reminded: Double?

    /// Seconds between two looks at something that only a human can mend.
    static let slowRetry: Double = 15 * 60
    /// Seconds between the first and the confirming refusal of a fresh token.
    static let confirmation: Double = 5 * 60
    /// What may be mended elsewhere while the daemon runs, so that it looks again by itself.
    private static let mendable: Set<SessionTrouble.Reason> = [.clientRefused, .proofRefused, .credentials]
    private static let unrecognizedWaits: [Double] = [60, 300, 900]

    /// Waits of a reason: the first and the longest, in seconds.
    private static func waits(_ reason: SessionTrouble.Reason) -> (first: Double, longest: Double) {
        switch reason {
        case .nonce, .clock: (60, 3600)
        case .clientMetadata: (60, 900)
        case .account: (3600, 3600)
        case .signInUnavailable: (300, 3600)
        case .storage: (30, 300)
        default: (5, 300)
        }
    }

    /// Takes in the verdict of a refresh that brought no tokens.
    mutating func refreshEnded(_ verdict: RefreshVerdict, at now: Double, accessEnds: Double?, jitter: Double) {
        hasRefreshFailed = true
        switch verdict {
        case .rotated, .unusable: return
        case .postponed(let reason, let detail):
            postpone(SessionTrouble(reason, detail), at: now, jitter: jitter)
            if reason == .account { callsNotBefore = now + 3600 }
        case .rateLimited(let wait):
            state = .degraded(SessionTrouble(.rateLimited, "the server limits the number of requests"))
            refreshNotBefore = now + max(60, wait ?? 60)
        case .misfit(let reason, let detail):
            state = .misconfigured(SessionTrouble(reason, detail))
            refreshNotBefore = now + Self.slowRetry
        case .unrecognized(let text): refused(text, at: now)
        case .dead(let reason, let detail, let mayStillServe):
            state = .needsLogin(SessionTrouble(reason, detail))
            servesUntil = mayStillServe ? accessEnds ?? 0 : 0
        }
    }

    private mutating func postpone(_ trouble: SessionTrouble, at now: Double, jitter: Double) {
        let (first, longest) = Self.waits(trouble.reason)
        let ceiling = min(longest, first * Double(1 << min(failures, 20)))
        failures += 1
        // Half of the wait is certain, half is spread, so that a restored server is not stormed.
        refreshNotBefore = now + ceiling * (0.5 + 0.5 * jitter)
        state = .degraded(trouble)
    }

    /// Row 17: servers that never say `invalid_grant` show a dead token by repeating themselves.
    private mutating func refused(_ text: String, at now: Double) {
        equalRefusals = text == lastRefusal ? equalRefusals + 1 : 1
        lastRefusal = text
        guard equalRefusals <= Self.unrecognizedWaits.count else {
            state = .needsLogin(SessionTrouble(.unrecognizedRefusal, "four times the same answer: \(text)"))
            return
        }
        refreshNotBefore = now + Self.unrecognizedWaits[equalRefusals - 1]
        state = .degraded(SessionTrouble(.unrecognizedRefusal, text))
    }

    /// New tokens are on the disk and passed the checks.
    mutating func rotated() {
        failures = 0
        hasRefreshFailed = false
        equalRefusals = 0
        lastRefusal = ""
        refreshNotBefore = 0
        callsNotBefore = 0
        servesUntil = 0
        state = .ok
    }

    /// A call was answered by the account's server as by one that knows the session.
    mutating func callSucceeded() {
        firstTokenRefusal = nil
        // What a refresh ran into, only a refresh ends.
        guard case .degraded(let trouble) = state, !hasRefreshFailed else { return }
        if [.tokenRefused, .account, .nonce, .clock].contains(trouble.reason) {
            failures = 0
            refreshNotBefore = 0
            callsNotBefore = 0
            state = .ok
        }
    }

    /// Row 4: even a fresh token was refused; the second time, at least five minutes later, is the end.
    mutating func freshTokenRefused(_ detail: String, at now: Double) {
        guard let first = firstTokenRefusal else {
            firstTokenRefusal = now
            callsNotBefore = now + Self.confirmation
            state = .degraded(SessionTrouble(.tokenRefused, detail))
            return
        }
        if now - first >= Self.confirmation { state = .needsLogin(SessionTrouble(.tokenRefused, detail)) }
    }

    /// The refresh was not begun: the store does not take the next record, or its lock is taken.
    mutating func refreshWithheld(_ trouble: SessionTrouble, at now: Double, jitter: Double) {
        hasRefreshFailed = true
        postpone(trouble, at: now, jitter: jitter)
    }

    /// The new tokens are in memory only.
    mutating func unsaved(_ detail: String) { state = .degraded(SessionTrouble(.unsaved, detail)) }

    /// The new tokens reached the disk after all.
    mutating func saved() {
        if state.trouble?.reason == .unsaved { state = .ok }
    }

    /// The account may not send just now; ask again in an hour.
    mutating func accountInactive(_ detail: String, at now: Double) {
        state = .degraded(SessionTrouble(.account, detail))
        callsNotBefore = now + 3600
    }

    /// A call could not be made for a reason that passes: nonce or clock.
    mutating func callPostponed(_ trouble: SessionTrouble, at now: Double, jitter: Double) {
        postpone(trouble, at: now, jitter: jitter)
        callsNotBefore = refreshNotBefore
    }

    /// Whether the last refresh failed for a reason that passes, or that others may mend.
    var awaitsRefresh: Bool {
        switch state {
        case .degraded: hasRefreshFailed
        case .misconfigured(let trouble): hasRefreshFailed && Self.mendable.contains(trouble.reason)
        case .ok, .needsLogin, .quarantined: false
        }
    }

    /// A verdict that no waiting changes.
    mutating func settle(_ verdict: SessionState) { state = verdict }

    /// Another login was found in the store.
    mutating func sessionReplaced() { self = SessionMachine() }

    /// Whether a call may be made with the access token at hand.
    func admitsCall(at now: Double) -> Bool {
        guard now >= callsNotBefore else { return false }
        return state.isUsable || now < servesUntil
    }

    /// Whether the refresh token may be presented.
    func admitsRefresh(at now: Double) -> Bool {
        guard now >= refreshNotBefore else { return false }
        switch state {
        case .ok, .degraded: return true
        case .needsLogin, .quarantined: return false
        case .misconfigured(let trouble): return Self.mendable.contains(trouble.reason)
        }
    }

    /// When something is tried again; nil when nothing waits.
    func waitsUntil(at now: Double) -> Double? {
        let time = max(callsNotBefore, refreshNotBefore)
        return time > now ? time : nil
    }

    /// Whether the hourly reminder is due; counts it as given.
    mutating func takesReminder(at now: Double) -> Bool {
        guard !state.isUsable else {
            reminded = nil
            return false
        }
        guard let last = reminded else {
            reminded = now
            return false
        }
        guard now - last >= 3600 else { return false }
        reminded = now
        return true
    }
}
