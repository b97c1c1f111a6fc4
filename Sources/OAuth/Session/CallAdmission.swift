internal import ATProtocol
internal import Network

/// Whether a call may be made with a session now, and whether a renewal of the tokens comes before it.
///
/// The calls are let through by it, and what operators are told is made from it, so that the two cannot differ. No clock
/// and no I/O; times are seconds since the epoch.
struct CallAdmission {
    /// The session in use; nil when there is none.
    let record: SessionRecord?
    let machine: SessionMachine
    /// What forbids the use of the record under this configuration.
    let mismatch: SessionTrouble?
    /// Whether the PDS refused the record's access token: it is not shown again.
    let isRefused: Bool
    /// Whether the tokens are in memory only: until they are on the disk nothing is renewed.
    let isUnsaved: Bool
    /// Whether an earlier process may have spent the refresh token.
    let followsCrash: Bool

    /// What forbids a call.
    enum Hindrance: Equatable {
        /// A state that only a human, or the restored outside, ends; or no session at all.
        case state(SessionState)
        /// No call before this, as the account or a server asked for patience.
        case patience(until: Double)
        /// Configuration and session do not fit.
        case mismatch(SessionTrouble)
        /// The PDS does not take the access token at hand.
        case tokenRefused
        /// The access token at hand has ended.
        case tokenEnded
        /// The grant does not hold the chat calls.
        case scope(String)
    }

    /// Whether the tokens are renewed before the next call.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - margin: how long before its end a token counts as stale, in seconds.
    /// - Returns: whether they are.
    func wantsRenewal(at now: Double, margin: Double) -> Bool {
        guard let record, machine.admitsRefresh(at: now) else { return false }
        return followsCrash || isRefused || record.expiresAt.map { $0 < now + margin } ?? false
    }

    /// What forbids a call with the access token at hand; nil when nothing does.
    func hindrance(at now: Double) -> Hindrance? {
        guard let record else {
            let trouble = SessionTrouble(.neverLoggedIn, "there is no session")
            return .state(machine.state.isUsable ? .needsLogin(trouble) : machine.state)
        }
        guard machine.admitsCall(at: now) else {
            guard machine.state.isUsable || now < machine.servesUntil else { return .state(machine.state) }
            return .patience(until: machine.callsNotBefore)
        }
        if let mismatch { return .mismatch(mismatch) }
        if isRefused { return .tokenRefused }
        // A token that has ended would cost a refused request; the refresh that failed said why already.
        if let end = record.expiresAt, now >= end { return .tokenEnded }
        return nil
    }

    /// What keeps a message from being sent now; nil when it would be, be it after a renewal.
    ///
    /// A token that has ended is the normal case between two messages: the next call renews it. It is an obstacle when
    /// that was tried and failed, or cannot be tried yet.
    func sendHindrance(at now: Double, chatService: String) -> Hindrance? {
        if let hindrance = hindrance(at: now) {
            let isRenewedNext = machine.admitsRefresh(at: now) && !machine.hasRefreshFailed && !isUnsaved
            guard isRenewedNext, hindrance == .tokenEnded || hindrance == .tokenRefused else { return hindrance }
        }
        guard let record, record.kind != .appPassword, !ScopeGrant(record.scope).allowsMessages(to: chatService) else {
            return nil
        }
        return .scope(record.scope)
    }

    /// The obstacle as operators are told; nil when there is none.
    func obstacle(at now: Double, chatService: String) -> SendObstacle? {
        guard let hindrance = sendHindrance(at: now, chatService: chatService) else { return nil }
        let trouble = machine.state.trouble
        let cause = trouble.map { " (\($0.reason.rawValue)): \($0.detail)" } ?? ""
        return switch hindrance {
        case .state(let state): SendObstacle(state.clause, remedy: state.remedy)
        case .mismatch(let trouble):
            SendObstacle(SessionState.misconfigured(trouble).clause, remedy: SessionState.misconfigured(trouble).remedy)
        case .patience(let until):
            SendObstacle("the session rests until \(CalendarDate(until).timestamp)\(cause)", remedy: nil)
        case .tokenRefused:
            SendObstacle(
                "the PDS refuses the access token, which cannot be renewed\(cause)",
                remedy: machine.state.remedy
            )
        case .tokenEnded:
            SendObstacle("the access token has ended and cannot be renewed\(cause)", remedy: machine.state.remedy)
        case .scope(let scope):
            SendObstacle(
                "the granted scope does not hold the chat calls (scope): “\(scope)”",
                remedy: SessionState.needsLogin(SessionTrouble(.scope, scope)).remedy
            )
        }
    }
}

extension SessionState {
    /// The state as a clause with what is wrong.
    fileprivate var clause: String {
        let cause = trouble.map { " (\($0.reason.rawValue)): \($0.detail)" } ?? ""
        return switch self {
        case .ok, .degraded: "the session is \(name)\(cause)"
        case .needsLogin: "the session needs a login\(cause)"
        case .misconfigured: "the session is misconfigured\(cause)"
        case .quarantined: "the session was set aside\(cause)"
        }
    }
}
