internal import ATProtocol
internal import Network

/// Whose turn it is, and what the limits say about it.
struct SendCandidate: Sendable {
    /// The job whose turn it is; its author pays for the message.
    let head: Job
    let owner: DID
    /// In their turns; those of earlier sends before them.
    let jobs: [Job]
    /// Sends that may have happened for these jobs before.
    let earlierSends: Int
    let limits: SendingLimits
}

/// When each limit lets the next message through; nil when it does so now.
struct SendingLimits: Sendable, Equatable {
    var authorFreeAt: UnixTime?
    var ownerHourFreeAt: UnixTime?
    var ownerDayFreeAt: UnixTime?
    var dayFreeAt: UnixTime?
    var digestFreeAt: UnixTime?
}
