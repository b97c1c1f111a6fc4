public import Network

/// What becomes of those who did not answer in a pass of a round.
public struct SweepWait: Sendable, Equatable {
    /// One clause: who did not answer, and why.
    public var unanswered: String
    /// When they are asked again.
    public var nextAt: UnixTime
    /// How long they are asked in all; then the gap is closed without them.
    public var patience: Duration

    /// A wait with these parts.
    public init(unanswered: String, nextAt: UnixTime, patience: Duration) {
        self.unanswered = unanswered
        self.nextAt = nextAt
        self.patience = patience
    }
}
