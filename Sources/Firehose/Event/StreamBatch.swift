/// Events that a reader thread hands over, and how far the stream has been read after them.
///
/// The events are in the order of the stream. The consumer stores the events that matter and the position in one
/// transaction. After a crash, events whose position was not stored are read from the stream again.
public struct StreamBatch: Sendable, Equatable {
    /// Commits of the wanted collections, and identity, account and sync events of all accounts.
    public var events: [StreamEvent]
    /// Messages that could not be understood, with their bytes; reading continued after them.
    public var rejected: [RejectedEvent]
    /// How far the stream has been read after the events; nil when that is not known yet.
    public var position: StoredPosition?
    /// A part of the stream that was not received, or not provably.
    public var gap: StreamGap?
    /// The progress of a sweep after these events; nil for events from a stream.
    package var sweep: SweepStep?
    /// The size of the events' messages in bytes.
    var bytes = 0
    /// The commits among the events whose signatures are not checked yet; empty outside the follower.
    var unverified: [UnverifiedCommit] = []

    public init(
        events: [StreamEvent] = [],
        rejected: [RejectedEvent] = [],
        position: StoredPosition? = nil,
        gap: StreamGap? = nil
    ) {
        self.events = events
        self.rejected = rejected
        self.position = position
        self.gap = gap
    }

    /// Whether the batch contains a position and nothing else.
    public var isPositionOnly: Bool { events.isEmpty && rejected.isEmpty && gap == nil && sweep == nil }
}
