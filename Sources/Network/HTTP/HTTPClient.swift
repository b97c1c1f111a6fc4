/// Anything that can make an HTTP request: libcurl in the daemon, a script of answers in a test.
public protocol HTTPClient: Sendable {
    /// Makes one request and waits for the whole answer.
    ///
    /// - Throws: ``HTTPFailure`` when there was no complete answer. An answer with an error status is an answer.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}

/// Why there was no complete HTTP answer.
public struct HTTPFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The host name has no address.
        public static let nameResolution = Code(rawValue: "name-resolution")
        /// No connection could be made.
        public static let connect = Code(rawValue: "connect")
        /// TLS failed: certificate, host name or protocol.
        public static let tls = Code(rawValue: "tls")
        /// The time of the request was used up.
        public static let timeout = Code(rawValue: "timeout")
        /// The connection ended before the answer was whole.
        public static let connectionLost = Code(rawValue: "connection-lost")
        /// The answer is larger than the request allows.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The guard for strangers' hosts said no.
        public static let refusedHost = Code(rawValue: "refused-host")
        /// Plain HTTP, or another thing that this client does not do.
        public static let unsupported = Code(rawValue: "unsupported")
        /// The caller's task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// Anything else that libcurl reports.
        public static let other = Code(rawValue: "other")
    }

    /// What went wrong.
    public var code: Code
    /// `scheme://host[:port]` of the request.
    public var origin: String
    /// The cause in the words of the layer below.
    public var detail: String
    /// Whether any byte of the request may have reached the server: then a POST's outcome is unknown.
    public var mayHaveBeenSent: Bool

    /// A failure with these parts.
    public init(code: Code, origin: String, detail: String, mayHaveBeenSent: Bool) {
        self.code = code
        self.origin = origin
        self.detail = detail
        self.mayHaveBeenSent = mayHaveBeenSent
    }

    /// A sentence for the operator.
    public var description: String { "no answer from \(origin) (\(code.rawValue)): \(detail)" }
}
