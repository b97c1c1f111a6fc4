/// What one message of a wire came to.
package enum WireMessage {
    /// It concerns no wanted collection; nothing of it was kept but where it stood.
    case missed(value: Int64)
    /// It was looked at in full.
    case read(WireContent)
}

/// What a message that was looked at in full holds.
package struct WireContent {
    /// A message about the stream instead of the network.
    struct Notice: Equatable {
        /// Whether the server ends the stream with it.
        var isError: Bool
        /// `OutdatedCursor`, `ConsumerTooSlow`, `FutureCursor` or another.
        var name: String
        /// The server's sentence.
        var message: String
    }

    /// Where it stood; nil when that cannot be told.
    package var value: Int64?
    /// The wanted events in it, in order.
    package var events: [StreamEvent] = []
    /// What in it could not be understood.
    package var rejected: [RejectedMessage] = []
    /// A message about the stream.
    var notice: Notice?
    /// The commit that the events are of, where its signature is still to be checked.
    var unsigned: [UnsignedCommit] = []
    /// The time that it names, in microseconds since the Unix epoch, where that is the same whenever it is sent.
    var time: Int64?
}

/// Whether a WebSocket message came as text or binary.
package enum WireEncoding {
    case text
    case binary
}
