public import Network

/// Why there is no connection, or why it ended without a closing handshake.
public struct WebSocketFailure: Error, Sendable, CustomStringConvertible {
    /// What went wrong, stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No byte stream could be opened; ``WebSocketFailure/stream`` says why.
        public static let connect = Code(rawValue: "connect")
        /// The server answered the upgrade with another status than 101; ``WebSocketFailure/refusal`` holds its answer.
        public static let upgradeRefused = Code(rawValue: "upgrade-refused")
        /// The server's answer to the upgrade breaks RFC 6455 §4.1, or is not HTTP.
        public static let invalidUpgrade = Code(rawValue: "invalid-upgrade")
        /// The answer to the upgrade did not come in time.
        public static let upgradeTimeout = Code(rawValue: "upgrade-timeout")
        /// The server broke the protocol; the connection was closed with ``WebSocketFailure/closeCode``.
        public static let protocolViolation = Code(rawValue: "protocol-violation")
        /// A message or frame is larger than the limit; closed with 1009.
        public static let messageTooBig = Code(rawValue: "message-too-big")
        /// The connection ended without a close frame.
        public static let connectionLost = Code(rawValue: "connection-lost")
        /// Nothing came for longer than the liveness deadline, although a ping was sent.
        public static let deadPeer = Code(rawValue: "dead-peer")
        /// The caller's task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The configuration does not allow this connection.
        public static let notAllowed = Code(rawValue: "not-allowed")
        /// The connection is not open, or its send queue is full.
        public static let notSent = Code(rawValue: "not-sent")
        /// The system refused a resource.
        public static let system = Code(rawValue: "system")
    }

    /// An HTTP answer other than 101.
    public struct Refusal: Sendable, Equatable {
        /// The status code.
        public let status: Int
        /// The header fields.
        public let headers: HTTPHeaders
        /// The first 4 KiB of the body, without transfer coding.
        public let body: [UInt8]

        /// An answer with these parts.
        public init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// What went wrong.
    public let code: Code
    /// `scheme://host[:port]` of the server.
    public let origin: String
    /// What was seen, as the end of a sentence.
    public let detail: String
    /// The code that the connection was closed with, for a breach of the protocol.
    public let closeCode: WebSocketCloseCode?
    /// The answer of a server that refused the upgrade.
    public let refusal: Refusal?
    /// The failure of the byte stream below, if that is the cause.
    public let stream: StreamFailure?

    /// A failure with these parts.
    public init(
        _ code: Code,
        origin: String,
        _ detail: String,
        closeCode: WebSocketCloseCode? = nil,
        refusal: Refusal? = nil,
        stream: StreamFailure? = nil
    ) {
        self.code = code
        self.origin = origin
        self.detail = detail
        self.closeCode = closeCode
        self.refusal = refusal
        self.stream = stream
    }

    /// A sentence for the operator.
    public var description: String { "the WebSocket to \(origin) failed (\(code.rawValue)): \(detail)" }
}
