extension Attempt {
    /// A failed attempt, with what is done about it.
    init(_ phase: CallPhase, _ failure: CallError, _ verdict: Verdict) {
        self.init(
            phase,
            outcome: verdict.action.rawValue,
            reason: verdict.reason,
            detail: String(failure.description.prefix(300))
        )
        status = failure.status
        error = failure.errorName
    }
}
