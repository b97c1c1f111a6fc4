internal import ATProtocol

/// Where a change request stands with one recipient, after a change.
struct Outcome: Sendable {
    let uri: ATURI
    var owner: DID?
    let rule: String
    let state: JobState
    let reason: Reason?
    let detail: String?
    /// How long ago the request was first seen here.
    var latency = Duration.zero
    /// How long until it is looked at again; nil for never.
    var nextIn: Duration?
}
