/// What was found out about a session with one of its records.
enum SessionFinding: Sendable, Equatable {
    /// The PDS answered a call as one that knows the session; whether messages need such calls.
    case callSucceeded(isChat: Bool)
    /// The PDS does not take calls just now.
    case callFailed(SessionState)
    /// A state that only a human ends.
    case settled(SessionState)
    /// The account seems to live at another authorization server, or app-password host.
    case movedAway(String)
}
