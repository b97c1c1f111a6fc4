/// What crosses from a reader thread to business code: some events and how far the stream had been read behind them.
///
/// The order within a batch is the stream's. Whoever takes a batch stores the events that matter and the position in
/// one transaction; an event whose position is not stored is read again from the stream after a crash.
public struct StreamBatch: Sendable, Equatable {
    /// Commits of the wanted collections, and identity, account and sync events of anybody.
    public var events: [StreamEvent]
    /// Messages that could not be understood, with their bytes; reading went on behind them.
    public var rejected: [RejectedMessage]
    /// How far the stream has been read after all of these; nil when it is not known yet.
    public var position: StoredPosition?
    /// A stretch of the stream that was not, or not provably, received.
    public var gap: StreamGap?
    /// What a sweep has come to with these events, and all batches before; nil of what a stream brought.
    package var sweep: SweepStep?
    /// Size of the messages of the events, in bytes.
    var bytes = 0
    /// Commits among the events whose signatures are still to be checked; empty outside the follower.
    var unsigned: [UnsignedCommit] = []

    /// A batch with these parts.
    public init(
        events: [StreamEvent] = [],
        rejected: [RejectedMessage] = [],
        position: StoredPosition? = nil,
        gap: StreamGap? = nil
    ) {
        self.events = events
        self.rejected = rejected
        self.position = position
        self.gap = gap
    }

    /// Whether it moves the position and does nothing else.
    public var isPositionOnly: Bool { events.isEmpty && rejected.isEmpty && gap == nil && sweep == nil }
}
