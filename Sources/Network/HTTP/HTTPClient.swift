/// Makes HTTP requests: with libcurl in the daemon, from a script in a test.
public protocol HTTPClient: Sendable {
    /// Makes one request and waits for the whole response.
    ///
    /// - Throws: ``HTTPError`` when there is no complete response. A response with an error status is returned, not
    ///   thrown.
    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse
}

/// Why there is no complete HTTP response.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The host name has no address.
        public static let nameResolution = Code(rawValue: "name-resolution")
        /// No connection could be made.
        public static let connect = Code(rawValue: "connect")
        /// TLS failed: certificate, host name or protocol.
        public static let tls = Code(rawValue: "tls")
        /// The time limit of the request has passed.
        public static let timeout = Code(rawValue: "timeout")
        /// The connection ended before the response was complete.
        public static let connectionLost = Code(rawValue: "connection-lost")
        /// The response is larger than the request allows.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The guard refused a host that a stranger chose.
        public static let refusedHost = Code(rawValue: "refused-host")
        /// Plain HTTP, or something else that this client does not do.
        public static let unsupported = Code(rawValue: "unsupported")
        /// The caller's task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// Any other error of libcurl.
        public static let other = Code(rawValue: "other")
    }

    public var code: Code
    /// `scheme://host[:port]` of the request.
    public var origin: String
    /// The cause, in the words of the layer below.
    public var detail: String
    /// Whether the server may have received a part of the request; a POST then has an unknown outcome.
    public var mayHaveBeenSent: Bool

    public init(code: Code, origin: String, detail: String, mayHaveBeenSent: Bool) {
        self.code = code
        self.origin = origin
        self.detail = detail
        self.mayHaveBeenSent = mayHaveBeenSent
    }

    /// A sentence for the operator.
    public var description: String { "no answer from \(origin) (\(code.rawValue)): \(detail)" }
}
