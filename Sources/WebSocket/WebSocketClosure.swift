/// How a connection was closed by a closing handshake (RFC 6455 §7).
public struct WebSocketClosure: Sendable, Equatable, CustomStringConvertible {
    /// The side that sent the first close frame.
    public enum Initiator: String, Sendable {
        /// The client: the handler, or a call of ``WebSocketConnection/close(_:reason:)``.
        case client
        case server
    }

    /// The side that sent the first close frame.
    public let initiator: Initiator
    /// The server's code, ``WebSocketCloseCode/noStatus`` if its frame held none; ours if it did not answer.
    public let code: WebSocketCloseCode
    /// The reason that came with the code; empty for none.
    public let reason: String
    /// Whether both sides sent a close frame.
    public let isClean: Bool

    public init(initiator: Initiator, code: WebSocketCloseCode, reason: String, isClean: Bool) {
        self.initiator = initiator
        self.code = code
        self.reason = reason
        self.isClean = isClean
    }

    /// A sentence for the operator.
    public var description: String {
        let words = reason.isEmpty ? "" : " (\(reason))"
        return "closed by the \(initiator.rawValue) with \(code)\(words)"
    }
}
