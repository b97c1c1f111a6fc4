/// How a refresh ended.
enum RefreshVerdict: Sendable, Equatable {
    /// New tokens, not yet checked.
    case rotated(TokenSet)
    /// Try again later; the token is as good as before, or nobody knows.
    case postponed(SessionProblem.Reason, String)
    /// Refused, or answered without sense: no proof of anything, so it is asked again for ever.
    case unproven(SessionProblem.Reason, String)
    /// Try again after that many seconds.
    case rateLimited(Double?)
    /// Try again slowly; a human should look.
    case misfit(SessionProblem.Reason, String)
    /// 200 with a token in it that cannot be used.
    case setAside(String)
    /// The app password is not accepted.
    case passwordRefused(String)
    /// The session is over by proof; the access token may still serve until it ends.
    case ended(SessionProblem.Reason, String, mayStillServe: Bool)
}
