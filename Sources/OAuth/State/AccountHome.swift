internal import Network

/// Whether the account still lives where its session was made: another home is believed after a day without contradiction.
///
/// A PDS that named another authorization server for six seconds once ended a session. Times are seconds of uptime.
struct AccountHome: Sendable, Equatable {
    /// How long it is doubted.
    static let patience: Double = 86_400
    /// What the detail of a migration that is believed ends with.
    static let proof = "as its PDS and DID document have said for 24 hours"
    /// More than this between two looks confirms nothing.
    private static let longestGap: Double = 2 * 3600

    /// The looks that found another home.
    private(set) var setback = Setback()
    /// For how long that was confirmed.
    private(set) var confirmed: Double = 0
    private var seenAt: Double?

    /// A look found another home.
    ///
    /// - Returns: the state when it is believed from now on; nil while it is doubted.
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

    /// What a restart must not forget; nil when there is no doubt.
    func stored(at date: UnixTime) -> Setback.Stored? {
        var stored = setback.stored(at: date)
        stored?.confirmed = confirmed
        return stored
    }

    /// The doubt of an earlier process.
    init(_ stored: Setback.Stored, at now: SessionTime) {
        setback = stored.resumed(at: now)
        confirmed = stored.confirmed
    }

    init() {}
}
