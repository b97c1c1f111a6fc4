internal import ATProtocol
internal import Network

/// Decides whether a call may be made now, and whether the tokens must be renewed first.
///
/// It decides about calls and also produces the text for the operator, so that the two cannot differ. It has no clock
/// and does no I/O.
struct CallAdmission: Sendable {
    /// The current session; nil when there is none.
    let record: SessionRecord?
    let machine: SessionMachine
    /// Whether the PDS refused the record's access token, which is then not sent again.
    let isRefused: Bool
    /// Whether the tokens are in memory only; they are not renewed until they are on the disk.
    let isUnsaved: Bool
    /// Whether an earlier process may have spent the refresh token.
    let followsCrash: Bool

    /// What prevents a call.
    enum Hindrance: Equatable {
        /// A state in which no call is made, or the lack of a session.
        case state(SessionState)
        /// No call before this time, because of the account's state or a server's request.
        case patience(until: UnixTime)
        /// The PDS refuses the current access token.
        case tokenRefused
        /// The current access token has expired.
        case tokenEnded
        /// The granted scope does not contain the chat calls.
        case scope(String)
    }

    /// Whether to renew the tokens before the next call.
    ///
    /// - Parameters:
    ///   - now: the current time.
    ///   - margin: how long before its end a token counts as expired.
    /// - Returns: whether to renew them.
    func wantsRenewal(at now: SessionTime, margin: Duration) -> Bool {
        // No call is made while we leave the PDS alone, and each renewal may lose the tokens.
        guard let record, machine.admitsRefresh(at: now), machine.calls.isOver(at: now.uptime) else { return false }
        return followsCrash || isRefused || record.expiresAt.map { $0 < now.date + margin } ?? false
    }

    /// What prevents a call with the current access token; nil when nothing does.
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
        // A call with an expired token would only be refused; the reason is the refresh that failed.
        if let end = record.expiresAt, now.date >= end { return .tokenEnded }
        return nil
    }

    /// What prevents a message from being sent now; nil when it can be sent, if necessary after a renewal.
    ///
    /// An expired token is normal between two messages, because the next call renews it. It counts only if the renewal
    /// failed or cannot be tried yet. A failure of calls counts until a call succeeds again.
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

    /// The obstacle with its text for the operator; nil when there is none.
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
    /// The state and its problem as a clause.
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
