public import Network

/// What the pipeline is doing, for the status page and the heartbeat log line.
public struct PipelineStatus: Sendable, Equatable {
    /// Whether anything is sent, and if not, why.
    public enum Sender: Sendable, Equatable {
        /// Messages are sent as they come.
        case open
        /// Nothing is sent, as configured: shadow mode.
        case off
        /// Everything waits until this time.
        case held(reason: Reason, until: UnixTime)
        /// An operator must help; it is probed again at this time.
        case paused(reason: Reason, detail: String, probeAt: UnixTime)
    }

    /// Whether anything is sent, and if not, why.
    public var sender: Sender
    public var jobs: [JobState: Int]
    /// The age of the oldest job that is neither finished nor waiting for its owner; nil when there is none.
    public var oldestPendingAge: Duration?
    /// Change requests that matched a rule since the start.
    public var matched: Int
    /// Messages delivered since the start.
    public var delivered: Int
    /// When the last message was delivered; nil when none was since the start.
    public var lastDeliveredAt: UnixTime?
    /// Requests that their author's PDS must still prove, because a signing key was not available.
    public var awaitingProof: Int
    /// Stream messages that could not be read, and are kept for the operator.
    public var quarantined: Int
    /// Hosts of owners that are paused because they failed.
    public var pausedHosts: Int
}
