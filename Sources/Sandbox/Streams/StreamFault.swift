/// What can be done to the subscribers of a stream host while they are connected.
public enum StreamFault: Sendable {
    /// The connection ends with a FIN, without a close frame.
    case drop
    /// The connection ends with a RST.
    case reset
    /// A close frame of this code, then the end.
    case close(code: UInt16, reason: String)
    /// Nothing is written or read for that long: neither events nor pings nor pongs.
    case stall(Duration)
    /// A text message that is no event.
    case text(String)
    /// A binary message.
    case binary([UInt8])
    /// Bytes straight onto the connection, not framed.
    case raw([UInt8])
    /// The end that the slow-consumer detector makes: an error message, which v1 has not, and no close frame.
    case tooSlow
    /// The end of a host that cannot read on: likewise, with another error message.
    case internalError
    /// A ping now.
    case ping
    /// Half of the next event's frame, then the end.
    case tearNextFrame
    /// So many events more, then the end.
    case dropAfter(Int)
}

/// How a stream host puts a message into frames.
public enum Framing: Sendable {
    /// One frame.
    case whole
    /// Frames of at most so many bytes.
    case fragmented(bytes: Int)
    /// As gorilla/websocket writes through its buffer: full fragments, then a final continuation that is empty.
    case gorilla(bytes: Int)
}
