package import Network

/// What happens with those who did not answer in a pass of a round.
package struct SweepWait: Sendable, Equatable {
    /// One clause: who did not answer, and why.
    package var unanswered: String
    /// When they are asked again.
    package var nextAt: UnixTime
    /// How long they are asked in all; after that the gap is closed without them.
    package var patience: Duration

    package init(unanswered: String, nextAt: UnixTime, patience: Duration) {
        self.unanswered = unanswered
        self.nextAt = nextAt
        self.patience = patience
    }
}
