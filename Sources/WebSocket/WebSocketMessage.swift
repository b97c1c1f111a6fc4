/// The type of a message (RFC 6455 §5.6).
public enum WebSocketMessageKind: Sendable, Equatable {
    /// UTF-8, already checked.
    case text
    /// Any bytes.
    case binary
}

/// A copy of one whole message.
public enum WebSocketMessage: Sendable, Equatable {
    /// A text.
    case text(String)
    /// Any bytes.
    case binary([UInt8])
}

/// What a handler decides after a message or a batch.
public enum WebSocketAction: Sendable, Equatable {
    /// Go on.
    case `continue`
    /// Close the connection and deliver no more messages.
    case close(WebSocketCloseCode, reason: String)
}
