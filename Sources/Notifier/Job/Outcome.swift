internal import ATProtocol

/// Where a change request stands with one recipient, after a change.
struct Outcome: Sendable {
    let uri: ATURI
    let owner: DID?
    let rule: String
    let state: JobState
    let reason: Reason?
    let detail: String?
    /// How long ago the request was first seen here.
    let latency: Duration
    /// How long until it is looked at again; nil for never.
    let nextIn: Duration?
}
