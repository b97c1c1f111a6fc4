public import Network

/// Why a connection could not be opened, or why it ended without a closing handshake.
public struct WebSocketError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The TCP or TLS connection failed; ``WebSocketError/stream`` says why.
        public static let connect = Code(rawValue: "connect")
        /// The server answered the upgrade with a status other than 101; ``WebSocketError/refusal`` holds its answer.
        public static let upgradeRefused = Code(rawValue: "upgrade-refused")
        /// The server's answer to the upgrade violates RFC 6455 §4.1, or is not HTTP.
        public static let invalidUpgrade = Code(rawValue: "invalid-upgrade")
        /// The server did not answer the upgrade in time.
        public static let upgradeTimeout = Code(rawValue: "upgrade-timeout")
        /// The server violated the protocol; we closed the connection with ``WebSocketError/closeCode``.
        public static let protocolViolation = Code(rawValue: "protocol-violation")
        /// A message or frame is larger than the limit; we closed the connection with 1009.
        public static let messageTooBig = Code(rawValue: "message-too-big")
        /// The connection ended without a close frame.
        public static let connectionLost = Code(rawValue: "connection-lost")
        /// No byte arrived before the liveness deadline, although we sent a ping.
        public static let deadPeer = Code(rawValue: "dead-peer")
        /// The caller's task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The configuration does not allow this connection.
        public static let notAllowed = Code(rawValue: "not-allowed")
        /// The connection is not open, or its send queue is full.
        public static let notSent = Code(rawValue: "not-sent")
        /// The operating system refused a resource.
        public static let system = Code(rawValue: "system")
    }

    /// An HTTP answer other than 101.
    public struct Refusal: Sendable, Equatable {
        public let status: Int
        public let headers: HTTPHeaders
        /// The first 4 KiB of the body, with its transfer coding removed.
        public let body: [UInt8]

        public init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    public let code: Code
    /// `scheme://host[:port]` of the server.
    public let origin: String
    /// What happened, as the end of a sentence.
    public let detail: String
    /// The code with which we closed the connection after a protocol violation.
    public let closeCode: WebSocketCloseCode?
    /// The server's answer when it refused the upgrade.
    public let refusal: Refusal?
    /// The failure of the TCP or TLS connection, if that is the cause.
    public let stream: StreamError?

    public init(
        _ code: Code,
        origin: String,
        _ detail: String,
        closeCode: WebSocketCloseCode? = nil,
        refusal: Refusal? = nil,
        stream: StreamError? = nil
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
