/// What a message's bytes are (RFC 6455 §5.6).
public enum WebSocketMessageKind: Sendable, Equatable {
    /// UTF-8, already checked.
    case text
    /// Any bytes.
    case binary
}

/// One whole message, copied.
public enum WebSocketMessage: Sendable, Equatable {
    /// A text.
    case text(String)
    /// Any bytes.
    case binary([UInt8])
}

/// What a handler wants after a message or a batch.
public enum WebSocketVerdict: Sendable, Equatable {
    /// Go on.
    case `continue`
    /// Close the connection; no message is handed out any more.
    case close(WebSocketCloseCode, reason: String)
}
