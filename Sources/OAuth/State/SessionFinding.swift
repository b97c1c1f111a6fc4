/// Something that was learned about a session by using one of its records.
enum SessionFinding: Sendable, Equatable {
    /// The PDS answered a call, so the session is valid; `isChat` tells whether it was a call that messages need.
    case callSucceeded(isChat: Bool)
    /// The PDS does not accept calls now.
    case callFailed(SessionState)
    /// A state that only a human can end.
    case settled(SessionState)
    /// The account seems to have another authorization server, or another PDS for its app password.
    case movedAway(String)
}
