internal import ATProtocol

/// Where a change request stands with one recipient after something was done about it.
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
