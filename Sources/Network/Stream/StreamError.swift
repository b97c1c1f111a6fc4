/// Why a byte stream could not be opened, or why it broke.
public struct StreamError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The host name has no address.
        public static let nameResolution = Code(rawValue: "name-resolution")
        /// No address of the host accepted a connection.
        public static let connect = Code(rawValue: "connect")
        /// A phase took longer than its deadline.
        public static let timeout = Code(rawValue: "timeout")
        /// TLS failed: protocol, alert or configuration.
        public static let tls = Code(rawValue: "tls")
        /// The peer's certificate is not valid for this host.
        public static let certificate = Code(rawValue: "certificate")
        /// The TLS stream ended without `close_notify` (RFC 8446 §6.1), so bytes may be missing.
        public static let truncated = Code(rawValue: "truncated")
        /// The connection was reset, or the network reported an error.
        public static let reset = Code(rawValue: "reset")
        /// The proxy refused the tunnel or did not speak HTTP.
        public static let proxy = Code(rawValue: "proxy")
        /// The caller's task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The system refused a resource: a descriptor, memory, a thread.
        public static let system = Code(rawValue: "system")
    }

    public let code: Code
    /// `host:port` of the peer concerned.
    public let peer: String
    /// The call that failed and its cause, in the words of the layer below.
    public let detail: String

    public init(_ code: Code, peer: String, _ detail: String) {
        self.code = code
        self.peer = peer
        self.detail = detail
    }

    /// A sentence for the operator.
    public var description: String { "the connection to \(peer) failed (\(code.rawValue)): \(detail)" }
}
