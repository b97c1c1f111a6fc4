internal import ATProtocol

/// One message that was written down to be sent, with the jobs that it speaks of.
struct Delivery: Sendable, Equatable {
    /// A job that the message speaks of.
    struct Member: Sendable, Equatable {
        let id: Int64
        let uri: ATURI
        let rule: String
        /// When the request was first seen here, in seconds since the Unix epoch: a quiet stream tells no time of its own.
        let seenAt: Double
        /// Why it must not be sent any more.
        let withdrawal: Reason?
    }

    let id: Int64
    let owner: DID
    let marker: String
    /// `chat.bsky.convo.defs#messageInput`.
    let message: JSONValue
    var conversation: String
    var baseline: String
    var machine: DeliveryMachine
    /// Failed reads of the conversation in a row.
    var attempts: Int
    let members: [Member]

    /// Whether some but not all requests are gone, so that the message as written must not be sent again.
    var isPartlyWithdrawn: Bool { machine.withdrawal == nil && members.contains { $0.withdrawal != nil } }
}

/// A try and what came of it, for `explain`.
struct AttemptNote: Sendable {
    var phase: CallPhase
    var outcome: String
    var reason: Reason?
    var status: Int?
    var error: String?
    var detail: String?
    var nextAt: Double?

    init(_ phase: CallPhase, outcome: String, nextAt: Double? = nil) {
        self.phase = phase
        self.outcome = outcome
        self.nextAt = nextAt
    }

    init(_ phase: CallPhase, _ failure: CallFailure, _ verdict: Verdict, nextAt: Double? = nil) {
        self.phase = phase
        outcome = verdict.action.rawValue
        reason = verdict.reason
        status = failure.status
        error = failure.errorName
        detail = String(failure.description.prefix(300))
        self.nextAt = nextAt
    }
}
