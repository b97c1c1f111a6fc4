internal import Network

/// The state of the session at one moment.
struct SessionSnapshot: Sendable {
    let admission: CallAdmission
    /// The number of finished renewals, by result.
    let renewals: [String: Int64]
    /// The last problem and when it was seen.
    let lastProblem: (problem: SessionProblem, at: UnixTime)?
    let now: SessionTime

    /// The current session; nil when there is none.
    var record: SessionRecord? { admission.record }
    var machine: SessionMachine { admission.machine }
}
