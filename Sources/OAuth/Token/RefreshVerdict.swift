/// How a refresh ended.
enum RefreshVerdict: Sendable, Equatable {
    /// There are new tokens, which are not checked yet.
    case rotated(TokenSet)
    /// Try again later; the token is still valid, or that is unknown.
    case postponed(SessionProblem.Reason, String)
    /// The server refused or gave a meaningless response, which proves nothing; retried for ever.
    case unproven(SessionProblem.Reason, String)
    /// Try again after this many seconds.
    case rateLimited(Double?)
    /// Try again slowly; a human should look at it.
    case misfit(SessionProblem.Reason, String)
    /// The response has status 200 and a token that cannot be used.
    case setAside(String)
    /// The app password was rejected.
    case passwordRefused(String)
    /// The session is proven to be over; the access token may work until it expires.
    case ended(SessionProblem.Reason, String, mayStillServe: Bool)
}
