internal import ATProtocol
internal import Network

/// Whose turn it is.
struct SendCandidate: Sendable {
    /// The job whose turn it is; its author pays for the message.
    let head: Job
    let owner: DID
    /// In their turns; those of earlier sends before them.
    let jobs: [Job]
    /// Sends that may have happened for these jobs before.
    let earlierSends: Int
    /// The limit that stands against it, and until when.
    var heldBy: (limit: SendingLimit, until: UnixTime)?
}
