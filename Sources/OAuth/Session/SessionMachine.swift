internal import Network

/// The session's state and what may be done now, from the results of attempts.
///
/// It has no clock and does no I/O. Waits are seconds of uptime; only the expiry of a token is a date.
struct SessionMachine: Sendable, Equatable {
    /// A state that waiting does not change: proven by a server, or no session.
    private var verdict: SessionState?
    /// Why the session cannot be used with this configuration; nil when it can.
    var misfit: SessionProblem?
    /// Why the newest tokens are in memory only; nil when they are on the disk.
    private var unsaved: SessionProblem?
    private(set) var refreshes = Setback()
    private(set) var calls = Setback()
    private(set) var home = AccountHome()
    /// How long the access token is still valid although the session is over.
    private(set) var servesUntil = UnixTime.distantPast

    /// The session's state: the worst of what is known.
    var state: SessionState {
        if let verdict { return verdict }
        if let misfit { return .misconfigured(misfit) }
        let setbacks = [refreshes.state, calls.state]
        if let blocking = setbacks.compactMap(\.self).first(where: { !$0.isUsable }) { return blocking }
        if let unsaved { return .degraded(unsaved) }
        return setbacks.compactMap(\.self).first ?? home.setback.state ?? .ok
    }

    /// Whether the last refresh failed or could not begin.
    var hasRefreshFailed: Bool { refreshes.state != nil }

    /// Whether waiting does not change the state.
    var isOver: Bool { verdict != nil }

    // MARK: Results of attempts

    /// Records a refresh that failed or could not begin.
    mutating func refreshFailed(_ verdict: RefreshVerdict, at now: SessionTime, accessEnds: UnixTime?, jitter: Double) {
        func note(_ state: SessionState, wait: Double? = nil) {
            refreshes.note(state, at: now.uptime, wait: wait, jitter: jitter)
        }
        switch verdict {
        case .rotated: return
        case .postponed(let reason, let detail), .unproven(let reason, let detail):
            let problem = SessionProblem(reason, detail)
            note(.degraded(problem))
            if reason == .account { calls.note(.degraded(problem), at: now.uptime, jitter: jitter) }
        case .rateLimited(let wait):
            let problem = SessionProblem(.rateLimited, "the server limits the number of requests")
            note(.degraded(problem), wait: max(60, wait ?? 60))
        case .misfit(let reason, let detail): note(.misconfigured(SessionProblem(reason, detail)))
        case .setAside(let detail): note(.quarantined(SessionProblem(.unusableAnswer, detail)))
        case .passwordRefused(let detail): note(.needsLogin(SessionProblem(.passwordRefused, detail)))
        case .ended(let reason, let detail, let mayStillServe):
            self.verdict = .needsLogin(SessionProblem(reason, detail))
            servesUntil = mayStillServe ? accessEnds ?? .distantPast : .distantPast
        }
    }

    /// Records new tokens; `detail` says why they are not on the disk, nil if they are.
    mutating func rotated(unsaved detail: String?) {
        refreshes = Setback()
        unsaved = detail.map { SessionProblem(.unsaved, $0) }
    }

    /// Records that the new tokens are on the disk.
    mutating func saved() { unsaved = nil }

    /// Records a finding about the session.
    mutating func take(_ finding: SessionFinding, at now: SessionTime, jitter: Double) {
        switch finding {
        // The result of a refresh changes only with the next refresh.
        case .callSucceeded(isChat: true): calls = Setback()
        case .callSucceeded(isChat: false): calls.pass()
        case .callFailed(let state): calls.note(state, at: now.uptime, jitter: jitter)
        case .settled(let state): verdict = state
        case .movedAway(let detail):
            if let moved = home.found(detail, at: now.uptime) { verdict = moved }
        }
    }

    /// Records that the account is still where its session was created.
    mutating func homeConfirmed() { home = AccountHome() }

    /// Sets a state that waiting does not change.
    mutating func settle(_ verdict: SessionState) { self.verdict = verdict }

    /// Starts with a session from the store.
    mutating func begin(_ record: SessionRecord, at now: SessionTime) {
        self = SessionMachine()
        if let stored = record.setbacks[.refresh] { refreshes = stored.resumed(at: now) }
        if let stored = record.setbacks[.call] { calls = stored.resumed(at: now) }
        if let stored = record.setbacks[.home] { home = AccountHome(stored, at: now) }
        verdict = record.verdict
    }

    /// The setbacks that must survive a restart.
    func setbacks(at date: UnixTime) -> [Setback.Attempt: Setback.Stored] {
        [.refresh: refreshes.stored(at: date), .call: calls.stored(at: date), .home: home.stored(at: date)]
            .compactMapValues(\.self)
    }

    // MARK: What may be done

    /// Whether a call with the current access token may be made.
    func admitsCall(at now: SessionTime) -> Bool {
        guard calls.isOver(at: now.uptime) else { return false }
        return verdict == nil ? isUsableForCalls : now.date < servesUntil
    }

    /// A setback of calls is not checked here: only a call can show whether it is over.
    private var isUsableForCalls: Bool { misfit == nil && refreshes.state?.isUsable ?? true }

    /// Whether the refresh token may be used.
    func admitsRefresh(at now: SessionTime) -> Bool {
        verdict == nil && misfit == nil && refreshes.isOver(at: now.uptime)
    }

    /// Whether a test call to the PDS is due, to see if calls work again.
    func wantsCall(at now: SessionTime) -> Bool { calls.state != nil && admitsCall(at: now) }

    /// Whether to check again which server the account is on.
    func wantsHome(at now: SessionTime) -> Bool {
        verdict == nil && home.setback.state != nil && home.setback.isOver(at: now.uptime)
    }

    /// The uptime of the next attempt; nil when nothing waits.
    func waitsUntil(at now: SessionTime) -> Double? {
        let time = max(calls.notBefore, refreshes.notBefore)
        return verdict == nil && time > now.uptime ? time : nil
    }
}

extension SessionRecord {
    /// Takes over what a restart must not forget of the session's state.
    mutating func take(_ machine: SessionMachine, at date: UnixTime) {
        verdict = machine.state.isProven ? machine.state : nil
        setbacks = machine.setbacks(at: date)
    }
}
