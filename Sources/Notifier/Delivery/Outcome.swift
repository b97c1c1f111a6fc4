internal import ATProtocol

/// Where a change request stands after something was done about it.
struct Outcome: Sendable {
    let uri: ATURI
    let owner: DID?
    let rule: String
    let state: JobState
    let reason: Reason?
    let detail: String?
    /// Seconds since the request was first seen here.
    let latency: Double
    /// Seconds until it is looked at again; nil for never.
    let nextIn: Double?
}

extension Outcome {
    init(_ job: Job, _ machine: DeliveryMachine, detail: String?, nextIn: Double?) {
        self.init(
            uri: job.uri,
            owner: job.owner,
            rule: job.rule,
            state: machine.state,
            reason: machine.reason,
            detail: detail,
            latency: 0,
            nextIn: machine.state.isFinal ? nil : nextIn
        )
    }

    /// A change request that is called off, or refused at once.
    init(_ added: IntakeResult.Added, owner: DID? = nil) {
        self.init(
            uri: added.uri,
            owner: owner,
            rule: added.rule,
            state: .dropped,
            reason: added.reason,
            detail: added.detail,
            latency: 0,
            nextIn: nil
        )
    }
}
