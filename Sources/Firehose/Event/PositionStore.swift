/// A position as stored across restarts.
public struct StoredPosition: Sendable, Equatable {
    /// How far the stream has been read.
    public var position: StreamPosition
    /// The last events, as evidence for the next connection; opaque to the store, at most 1 KiB.
    public var evidence: [UInt8]

    public init(position: StreamPosition, evidence: [UInt8] = []) {
        self.position = position
        self.evidence = evidence
    }
}

/// Stores one position per host and wire, in the same transaction as the events before it.
public protocol PositionStore: Sendable {
    /// Reads the stored positions of all hosts and wires that were ever followed.
    ///
    /// - Throws: any error of the storage; it ends the follower, because damage to our own state is fatal.
    func positions() async throws -> [StoredPosition]
}
