/// How a refresh ended.
enum RefreshVerdict: Sendable, Equatable {
    /// New tokens, not yet checked.
    case rotated(TokenSet)
    /// 200 without a pair of tokens.
    case unusable([UInt8])
    /// Try again later; the token is as good as before, or nobody knows.
    case postponed(SessionTrouble.Reason, String)
    /// Try again after that many seconds.
    case rateLimited(Double?)
    /// Try again slowly; a human should look.
    case misfit(SessionTrouble.Reason, String)
    /// A refusal without a known reason.
    case unrecognized(String)
    /// The session is over; the access token may still serve until it ends.
    case dead(SessionTrouble.Reason, String, mayStillServe: Bool)

    /// The session is over, with these reasons for it.
    static func dead(_ reason: SessionTrouble.Reason, _ detail: String, _ serves: Bool) -> Self {
        .dead(reason, detail, mayStillServe: serves)
    }
}
