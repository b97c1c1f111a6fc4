internal import ATProtocol
internal import Network

/// Whether a call may be made with a session now, and whether a renewal of the tokens comes before it.
///
/// The calls are let through by it, and what operators are told is made from it, so that the two cannot differ. No clock
/// and no I/O.
struct CallAdmission: Sendable {
    /// The session in use; nil when there is none.
    let record: SessionRecord?
    let machine: SessionMachine
    /// Whether the PDS refused the record's access token: it is not shown again.
    let isRefused: Bool
    /// Whether the tokens are in memory only: until they are on the disk nothing is renewed.
    let isUnsaved: Bool
    /// Whether an earlier process may have spent the refresh token.
    let followsCrash: Bool

    /// What forbids a call.
    enum Hindrance: Equatable {
        /// A state in which no call is made; or no session at all.
        case state(SessionState)
        /// No call before this date, as the account or a server asked for patience.
        case patience(until: UnixTime)
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
    ///   - margin: how long before its end a token counts as stale.
    /// - Returns: whether they are.
    func wantsRenewal(at now: SessionTime, margin: Duration) -> Bool {
        // While the PDS is left in peace no call is made, and each renewal is a chance to lose the tokens.
        guard let record, machine.admitsRefresh(at: now), machine.calls.isOver(at: now.uptime) else { return false }
        return followsCrash || isRefused || record.expiresAt.map { $0 < now.date + margin } ?? false
    }

    /// What forbids a call with the access token at hand; nil when nothing does.
    func hindrance(at now: SessionTime) -> Hindrance? {
        guard let record else {
            let problem = SessionProblem(.neverLoggedIn, "there is no session")
            return .state(machine.state.isUsable ? .needsLogin(problem) : machine.state)
        }
        guard machine.admitsCall(at: now) else {
            let waits = machine.state.isUsable || now.date < machine.servesUntil
            return waits ? .patience(until: now.date(at: machine.calls.notBefore)) : .state(machine.state)
        }
        if isRefused { return .tokenRefused }
        // A token that has ended would cost a refused request; the refresh that failed said why already.
        if let end = record.expiresAt, now.date >= end { return .tokenEnded }
        return nil
    }

    /// What keeps a message from being sent now; nil when it would be, be it after a renewal.
    ///
    /// A token that has ended is the normal case between two messages: the next call renews it. It is an obstacle when
    /// that was tried and failed, or cannot be tried yet. What calls ran into is one until a call went well again.
    func sendHindrance(at now: SessionTime, chatService: String) -> Hindrance? {
        if let hindrance = hindrance(at: now) {
            let isRenewedNext = machine.admitsRefresh(at: now) && !machine.hasRefreshFailed && !isUnsaved
            guard isRenewedNext, hindrance == .tokenEnded || hindrance == .tokenRefused else { return hindrance }
        }
        if let state = machine.calls.state { return .state(state) }
        guard let record, record.kind != .appPassword, !ScopeGrant(record.scope).allowsMessages(to: chatService) else {
            return nil
        }
        return .scope(record.scope)
    }

    /// The obstacle as operators are told; nil when there is none.
    func obstacle(at now: SessionTime, chatService: String) -> SendObstacle? {
        guard let hindrance = sendHindrance(at: now, chatService: chatService) else { return nil }
        let cause = machine.state.problem.map { " (\($0.reason.rawValue)): \($0.detail)" } ?? ""
        return switch hindrance {
        case .state(let state): SendObstacle(state.clause, remedy: state.remedy)
        case .patience(let until):
            SendObstacle(
                "the session waits until \(until)\(cause)",
                remedy: machine.state.remedy
            )
        case .tokenRefused:
            SendObstacle(
                "the PDS refuses the access token, which cannot be renewed\(cause)",
                remedy: machine.state.remedy
            )
        case .tokenEnded:
            SendObstacle("the access token has ended and cannot be renewed\(cause)", remedy: machine.state.remedy)
        case .scope(let scope):
            SendObstacle(
                "the granted scope does not hold the chat calls (scope): '\(scope)'",
                remedy: SessionState.needsLogin(SessionProblem(.scope, scope)).remedy
            )
        }
    }
}

extension SessionState {
    /// The state as a clause with what is wrong.
    fileprivate var clause: String {
        let cause = problem.map { " (\($0.reason.rawValue)): \($0.detail)" } ?? ""
        return switch self {
        case .ok, .degraded: "the session is \(name)\(cause)"
        case .needsLogin: "the session needs a login\(cause)"
        case .misconfigured: "the session is misconfigured\(cause)"
        case .quarantined: "the session was set aside\(cause)"
        }
    }
}
