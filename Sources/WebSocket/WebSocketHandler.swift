/// Receives a connection's messages, on the connection's own thread.
///
/// While a method runs, nothing is read and no ping is answered. So take what you need and return: do not block, do not
/// await, and do not take a lock that other code holds for long. Only ``message(_:_:)`` is required.
public protocol WebSocketHandler: ~Copyable, SendableMetatype {
    /// Called when the server has answered 101, before the first message.
    mutating func opened(_ response: UpgradeResponse)

    /// Called with one whole message.
    ///
    /// - Parameters:
    ///   - kind: whether the bytes are text, which is valid UTF-8, or binary.
    ///   - bytes: a view of the connection's buffer, valid during the call only.
    /// - Returns: whether to go on.
    mutating func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) -> WebSocketAction

    /// Called when all messages of one read have been delivered, and at least once a second.
    ///
    /// This is the place to publish a position and to check watchdogs.
    ///
    /// - Parameter now: the time of the read.
    /// - Returns: whether to go on.
    mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction
}

extension WebSocketHandler where Self: ~Copyable {
    /// Does nothing.
    public mutating func opened(_ response: UpgradeResponse) {}

    /// Continues.
    public mutating func batchEnded(_ now: ContinuousClock.Instant) -> WebSocketAction { .continue }
}
