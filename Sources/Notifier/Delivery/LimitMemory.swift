internal import ATProtocol
internal import LedgerStorage
internal import Network

/// Remembers a server's rate limit in the ledger, so that restarts do not evade it.
actor LimitMemory {
    private let context: DeliveryContext
    private let settings: Settings
    private let name: String
    /// The limit in the ledger; nil for none.
    private var known: SendBreaker.Limit?

    /// The memory of a caller, by its name.
    init(_ context: DeliveryContext, _ settings: Settings, of name: String) {
        self.context = context
        self.settings = settings
        self.name = "limit-\(name)"
    }

    /// The stored limit, with its end by the steady clock; nil for none, or for an unknown format.
    ///
    /// The clock that dated it may have been wrong. So it is believed for no longer than any limit lasts, and stored
    /// that way.
    func recall() async throws(LedgerError) -> SendBreaker.Limit? {
        let parts = (try await settings[name] ?? "").split(separator: " ")
        guard parts.count == 4, let until = Int64(parts[0]), let repetitions = Int(parts[3]),
            let phase = CallPhase(rawValue: String(parts[1])), let reason = Reason(rawValue: String(parts[2]))
        else { return nil }
        let longest = max(context.configuration.sending.maximumLimitWait, SendBreaker.maximumPDSWait)
        let rest = min(longest, UnixTime(microseconds: until) - context.now)
        let limit = SendBreaker.Limit(
            phase: phase,
            reason: reason,
            until: context.steadyNow + rest,
            repetitions: max(0, repetitions)
        )
        try await remember(limit)
        return limit
    }

    /// Stores a limit, or that there is none; writes nothing when that is known.
    func remember(_ limit: SendBreaker.Limit?) async throws(LedgerError) {
        guard limit != known else { return }
        known = limit
        let text = limit.map { limit in
            let until = limit.until + (context.now - context.steadyNow)
            return "\(until.microseconds) \(limit.phase.rawValue) \(limit.reason.rawValue) \(limit.repetitions)"
        }
        try await settings.set(name, to: text ?? "")
    }
}
