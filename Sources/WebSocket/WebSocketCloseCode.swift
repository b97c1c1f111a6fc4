/// Why a connection is closed (RFC 6455 §7.4).
public struct WebSocketCloseCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The number in the close frame.
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The purpose of the connection has been fulfilled.
    public static let normal = WebSocketCloseCode(rawValue: 1000)
    /// An endpoint goes away: shutdown, restart.
    public static let goingAway = WebSocketCloseCode(rawValue: 1001)
    /// A protocol error.
    public static let protocolError = WebSocketCloseCode(rawValue: 1002)
    /// The endpoint does not accept this type of message.
    public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
    /// The close frame held no code; never sent.
    public static let noStatus = WebSocketCloseCode(rawValue: 1005)
    /// The connection ended without a close frame; never sent.
    public static let abnormal = WebSocketCloseCode(rawValue: 1006)
    /// A text message or close reason is not UTF-8, or a compressed message cannot be inflated.
    public static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    /// A message violates the receiver's policy.
    public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    /// A message is too large for the receiver.
    public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    /// The server met an unexpected condition.
    public static let internalError = WebSocketCloseCode(rawValue: 1011)

    /// Whether a close frame may hold this code: 1000–1003, 1007–1014, 3000–4999 (RFC 6455 §7.4.2, IANA registry).
    public var isValidOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    public var description: String { String(rawValue) }
}
