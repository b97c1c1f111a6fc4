internal import Network

/// What is known about the session at one moment.
struct SessionSnapshot: Sendable {
    let admission: CallAdmission
    /// Renewals that ended, by result.
    let renewals: [String: Int64]
    /// What was wrong last, and when it was seen.
    let lastProblem: (problem: SessionProblem, at: UnixTime)?
    let now: SessionTime

    /// The session in use; nil when there is none.
    var record: SessionRecord? { admission.record }
    var machine: SessionMachine { admission.machine }
}
