/// An HTTP request.
public struct HTTPRequest: Sendable {
    /// The request methods in use.
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    /// Who chose the host, which decides how it may be reached.
    public enum Reach: Sendable {
        /// The operator chose it, or it follows from the sender's own identity.
        case trusted
        /// A stranger chose it: only `https`, port 443, public addresses, no proxy; small and short.
        case stranger
    }

    public var method: Method
    /// The URL; redirects are not followed.
    public var url: WebURL
    /// Header fields besides those that the client adds (`Host`, `User-Agent`, `Content-Length`).
    public var headers: HTTPHeaders
    /// The body, empty for none.
    public var body: [UInt8]
    /// The longest time from the start to the last byte.
    public var timeout: Duration
    /// The largest response body to accept, in bytes.
    public var maximumBody: Int
    /// Who chose the host.
    public var reach: Reach
    /// Whether the request must have a new connection.
    ///
    /// When a reused connection closes before the first byte of the response, libcurl repeats the request, whatever its
    /// method. A repeated token refresh ends the session, and a repeated `sendMessage` sends the message twice.
    public var isAlone: Bool

    /// A request with the default limits: 30 s, 1 MiB, trusted; a POST gets a new connection.
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

/// A complete HTTP response.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code, 100 to 599.
    public var status: Int
    public var headers: HTTPHeaders
    /// The body after content decoding.
    public var body: [UInt8]

    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the status is 200 to 299.
    public var isSuccess: Bool { (200..<300).contains(status) }
}
