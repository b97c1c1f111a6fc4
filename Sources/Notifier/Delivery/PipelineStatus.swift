public import Network

/// What the pipeline is doing, for the status page and the heartbeat line.
public struct PipelineStatus: Sendable, Equatable {
    /// Whether and why nothing is sent.
    public enum Sender: Sendable, Equatable {
        /// Messages are sent as they come.
        case open
        /// Nothing is sent, as configured: shadow mode.
        case off
        /// Everything waits until this time.
        case held(reason: Reason, until: UnixTime)
        /// An operator must help; looked at again at this time.
        case paused(reason: Reason, detail: String, probeAt: UnixTime)
    }

    /// Whether and why nothing is sent.
    public var sender: Sender
    /// Jobs by state.
    public var jobs: [JobState: Int]
    /// Age of the oldest job that is neither finished nor waiting for its owner; nil when there is none.
    public var oldestPendingAge: Duration?
    /// Change requests that matched a rule since the start.
    public var matched: Int
    /// Messages delivered since the start.
    public var delivered: Int
    /// When the last message was delivered; nil for never since the start.
    public var lastDeliveredAt: UnixTime?
    /// Requests that wait for their author's PDS to prove them, because a signing key could not be had.
    public var awaitingProof: Int
    /// Messages of streams that could not be read and are kept to be looked at.
    public var quarantined: Int
    /// Hosts of owners that have a pause because they failed.
    public var pausedHosts: Int
}
