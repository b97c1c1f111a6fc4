/// A request that the daemon is about to make.
public struct HTTPRequest: Sendable {
    /// The methods in use.
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    /// Who chose the host, and so how far the client may be trusted to go there.
    public enum Reach: Sendable {
        /// Chosen by the operator, or derived from the sender's own identity.
        case trusted
        /// Chosen by a stranger: only `https` on port 443 of a public address, no proxy, small and short.
        case stranger
    }

    /// The method.
    public var method: Method
    /// Where to; redirects are never followed.
    public var url: WebURL
    /// Fields beside those that the client adds (`Host`, `User-Agent`, `Content-Length`).
    public var headers: HTTPHeaders
    /// The body, empty for none.
    public var body: [UInt8]
    /// From start to last byte.
    public var timeout: Duration
    /// The largest response body that is accepted, in bytes.
    public var maximumBody: Int
    /// Who chose the host.
    public var reach: Reach
    /// Whether the request must have a connection to itself.
    ///
    /// libcurl silently repeats a request of any method when a reused connection dies before the first response byte; a
    /// repeated refresh kills the session and a repeated `sendMessage` doubles a message.
    public var isAlone: Bool

    /// A request with this program's usual limits: 30 s, 1 MiB, trusted; a POST has a connection to itself.
    public init(
        _ method: Method = .get,
        _ url: WebURL,
        headers: HTTPHeaders = [:],
        body: [UInt8] = [],
        timeout: Duration = .seconds(30),
        maximumBody: Int = 1 << 20,
        reach: Reach = .trusted,
        isAlone: Bool? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maximumBody = maximumBody
        self.reach = reach
        self.isAlone = isAlone ?? (method == .post)
    }
}

/// A complete answer.
public struct HTTPResponse: Sendable, Equatable {
    /// Status code, 100 to 599.
    public var status: Int
    /// Header fields.
    public var headers: HTTPHeaders
    /// The body after content decoding.
    public var body: [UInt8]

    /// An answer with these parts.
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the status is 200 to 299.
    public var isSuccess: Bool { (200..<300).contains(status) }
}
