internal import ATProtocol
internal import Network

/// The recipient whose turn it is, with their jobs.
struct SendCandidate: Sendable {
    /// The job whose turn it is; the message counts for its author.
    let head: Job
    let owner: DID
    /// In the order of their turns; jobs that were sent before come first.
    let jobs: [Job]
    /// Earlier sends of these jobs that may have happened.
    let earlierSends: Int
    /// The limit that forbids it, and until when; nil for none.
    var heldBy: (limit: SendingLimit, until: UnixTime)?
}
