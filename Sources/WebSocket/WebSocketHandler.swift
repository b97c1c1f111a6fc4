/// Receives a connection's messages on the connection's own thread.
///
/// While a method runs the socket waits, and with it the answer to the server's pings: take what is wanted and return.
/// Nothing here may block, take a lock that other code holds for long, or await. Only ``message(_:_:)`` must be written.
public protocol WebSocketHandler: ~Copyable, SendableMetatype {
    /// The server has answered 101; messages follow.
    mutating func opened(_ response: UpgradeResponse)

    /// One whole message.
    ///
    /// - Parameters:
    ///   - kind: text is valid UTF-8.
    ///   - bytes: borrowed from the connection's buffer, valid during the call only.
    /// - Returns: whether to go on.
    mutating func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketVerdict

    /// The messages of one read have been handed out; called at least once a second, also when nothing came.
    ///
    /// The place to publish a position and to look at watchdogs.
    ///
    /// - Parameter now: the time of the read.
    /// - Returns: whether to go on.
    mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketVerdict
}

extension WebSocketHandler where Self: ~Copyable {
    /// Nothing is done about the server's answer.
    public mutating func opened(_ response: UpgradeResponse) {}

    /// Goes on.
    public mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketVerdict { .continue }
}
