/// A position as it is kept over a restart.
public struct StoredPosition: Sendable, Equatable {
    /// How far the stream had been read.
    public var position: StreamPosition
    /// What the last events were, as proof for the next connection; opaque to the store, at most 1 KiB.
    public var evidence: [UInt8]

    /// A position with its evidence.
    public init(position: StreamPosition, evidence: [UInt8] = []) {
        self.position = position
        self.evidence = evidence
    }
}

/// Where positions are kept: one for each host and wire, written in the same transaction as the events before it.
public protocol PositionStore: Sendable {
    /// The stored position of every host and wire ever followed.
    ///
    /// - Throws: whatever the storage throws; the follower ends with it, since damage to our own state is fatal.
    func positions() async throws -> [StoredPosition]
}
