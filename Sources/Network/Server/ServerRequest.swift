/// The head of a request to our own server; a body is not read.
public struct ServerRequest: Sendable {
    /// The method as sent.
    public var method: String
    /// The decoded path; for a target in absolute form, all of it.
    public var path: String
    /// The decoded names and values of the query, in order.
    public var query: [(name: String, value: String)]
    /// The header fields in the order received.
    public var headers: HTTPHeaders
    /// The protocol version as sent: `HTTP/1.1`.
    public var version: String

    public init(
        _ method: String = "GET",
        path: String,
        query: [(name: String, value: String)] = [],
        headers: HTTPHeaders = [:],
        version: String = "HTTP/1.1"
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.version = version
    }

    /// Whether the method is one that we answer: GET, or HEAD, which gets the same fields without content.
    public var isReading: Bool { method == "GET" || method == "HEAD" }
}
