/// The result of decoding one message.
package enum WireMessage {
    /// The message is not about a wanted collection; only its position was read.
    case missed(value: Int64)
    /// The message was decoded in full.
    case read(WireContent)
}

/// The content of a message that was decoded in full.
package struct WireContent {
    /// A message about the stream itself.
    struct Notice: Equatable {
        /// Whether the server ends the stream with it.
        var isError: Bool
        /// The name: `OutdatedCursor`, `ConsumerTooSlow`, `FutureCursor` or another.
        var name: String
        /// The server's text.
        var message: String
    }

    /// The message's position; nil when it cannot be read.
    package var value: Int64?
    /// The wanted events in the message, in order.
    package var events: [StreamEvent] = []
    /// The parts that could not be understood.
    package var rejected: [RejectedEvent] = []
    /// The message, if it is about the stream itself.
    var notice: Notice?
    /// The commit of the events, if its signature is not checked yet.
    var unverified: [UnverifiedCommit] = []
    /// The message's own time in microseconds since the Unix epoch, if it is the same each time the message is sent.
    var time: Int64?
}

/// Whether a WebSocket message was text or binary.
package enum WireEncoding {
    case text
    case binary
}
