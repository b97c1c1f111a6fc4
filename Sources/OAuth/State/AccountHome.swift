internal import Network

/// Watches whether the account still has the server that made its session; doubts a move for a day.
///
/// A PDS that named another authorization server for six seconds once ended a session. Times are seconds of uptime.
struct AccountHome: Sendable, Equatable {
    /// How long a move is doubted, in seconds.
    static let patience: Double = 86_400
    /// The end of the detail text for a move that is believed.
    static let proof = "as its PDS and DID document have said for 24 hours"
    /// A longer time between two checks does not confirm the move.
    private static let longestGap: Double = 2 * 3600

    /// The checks that found the account elsewhere.
    private(set) var setback = Setback()
    /// How long the move has been confirmed, in seconds.
    private(set) var confirmed: Double = 0
    private var seenAt: Double?

    /// Records a check that found the account elsewhere.
    ///
    /// - Returns: the state once the move is believed; nil while it is doubted.
    mutating func found(_ detail: String, at uptime: Double) -> SessionState? {
        if setback.state?.problem?.detail != detail { self = AccountHome() }
        if let seenAt { confirmed += min(max(0, uptime - seenAt), Self.longestGap) }
        seenAt = uptime
        guard confirmed < Self.patience else {
            return .needsLogin(SessionProblem(.migrated, "\(detail), \(Self.proof)"))
        }
        setback.note(.degraded(SessionProblem(.migrated, detail)), at: uptime, jitter: 0)
        return nil
    }

    /// What must survive a restart; nil when there is no doubt.
    func stored(at date: UnixTime) -> Setback.Stored? {
        var stored = setback.stored(at: date)
        stored?.confirmed = confirmed
        return stored
    }

    /// Continues the doubt of an earlier process.
    init(_ stored: Setback.Stored, at now: SessionTime) {
        setback = stored.resumed(at: now)
        confirmed = stored.confirmed
    }

    init() {}
}
