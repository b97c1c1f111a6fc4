/// An attempt and its result, for `explain`.
struct Attempt: Sendable {
    var phase: CallPhase
    var outcome: String
    var reason: Reason?
    var status: Int?
    var error: String?
    var detail: String?

    init(_ phase: CallPhase, outcome: String, reason: Reason? = nil, detail: String? = nil) {
        self.phase = phase
        self.outcome = outcome
        self.reason = reason
        self.detail = detail
    }

    /// An attempt that was refused for a reason.
    init(_ phase: CallPhase, _ refusal: Refusal) {
        self.init(phase, outcome: Verdict.Action.drop.rawValue, reason: refusal.reason, detail: refusal.detail)
    }
}
