internal import Network

/// The session's state and what may be done now, from what attempts came to.
///
/// No clock and no I/O; waits are seconds of uptime, and only what ends with a token goes by the date.
struct SessionMachine: Sendable, Equatable {
    /// What no waiting changes: proof, or no session at all.
    private var verdict: SessionState?
    /// What forbids the use of the session under this configuration; nil when nothing does.
    var misfit: SessionProblem?
    /// Why the newest tokens are in memory only; nil when they are on the disk.
    private var unsaved: SessionProblem?
    private(set) var refreshes = Setback()
    private(set) var calls = Setback()
    private(set) var home = AccountHome()
    /// Although the session is over, the access token serves until this date.
    private(set) var servesUntil = UnixTime.distantPast

    /// How the session is: the worst of what is known.
    var state: SessionState {
        if let verdict { return verdict }
        if let misfit { return .misconfigured(misfit) }
        let setbacks = [refreshes.state, calls.state]
        if let blocking = setbacks.compactMap(\.self).first(where: { !$0.isUsable }) { return blocking }
        if let unsaved { return .degraded(unsaved) }
        return setbacks.compactMap(\.self).first ?? home.setback.state ?? .ok
    }

    /// Whether the last refresh brought no tokens, or was not begun.
    var hasRefreshFailed: Bool { refreshes.state != nil }

    /// Whether the state is one that no waiting changes.
    var isOver: Bool { verdict != nil }

    // MARK: What attempts came to

    /// A refresh brought no tokens, or was not begun.
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

    /// New tokens passed the checks; the reason when they are not on the disk.
    mutating func rotated(unsaved detail: String?) {
        refreshes = Setback()
        unsaved = detail.map { SessionProblem(.unsaved, $0) }
    }

    /// The new tokens reached the disk after all.
    mutating func saved() { unsaved = nil }

    /// Something was found out about the session.
    mutating func take(_ finding: SessionFinding, at now: SessionTime, jitter: Double) {
        switch finding {
        // What a refresh ran into, only a refresh ends.
        case .callSucceeded(isChat: true): calls = Setback()
        case .callSucceeded(isChat: false): calls.pass()
        case .callFailed(let state): calls.note(state, at: now.uptime, jitter: jitter)
        case .settled(let state): verdict = state
        case .movedAway(let detail):
            if let moved = home.found(detail, at: now.uptime) { verdict = moved }
        }
    }

    /// The account was found where its session was made.
    mutating func homeConfirmed() { home = AccountHome() }

    /// Proof, or no session.
    mutating func settle(_ verdict: SessionState) { self.verdict = verdict }

    /// A session is taken from the store.
    mutating func begin(_ record: SessionRecord, at now: SessionTime) {
        self = SessionMachine()
        if let stored = record.setbacks[.refresh] { refreshes = stored.resumed(at: now) }
        if let stored = record.setbacks[.call] { calls = stored.resumed(at: now) }
        if let stored = record.setbacks[.home] { home = AccountHome(stored, at: now) }
        verdict = record.verdict
    }

    /// What a restart must not forget.
    func setbacks(at date: UnixTime) -> [Setback.Attempt: Setback.Stored] {
        [.refresh: refreshes.stored(at: date), .call: calls.stored(at: date), .home: home.stored(at: date)]
            .compactMapValues(\.self)
    }

    // MARK: What may be done

    /// Whether a call may be made with the access token at hand.
    func admitsCall(at now: SessionTime) -> Bool {
        guard calls.isOver(at: now.uptime) else { return false }
        return verdict == nil ? isUsableForCalls : now.date < servesUntil
    }

    /// A call that is blocked by what calls ran into is how one finds out whether it still is.
    private var isUsableForCalls: Bool { misfit == nil && refreshes.state?.isUsable ?? true }

    /// Whether the refresh token may be presented.
    func admitsRefresh(at now: SessionTime) -> Bool {
        verdict == nil && misfit == nil && refreshes.isOver(at: now.uptime)
    }

    /// Whether somebody should ask the account's server if it takes calls again.
    func wantsCall(at now: SessionTime) -> Bool { calls.state != nil && admitsCall(at: now) }

    /// Whether somebody should look again where the account lives.
    func wantsHome(at now: SessionTime) -> Bool {
        verdict == nil && home.setback.state != nil && home.setback.isOver(at: now.uptime)
    }

    /// The uptime at which something is tried again; nil when nothing waits.
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
