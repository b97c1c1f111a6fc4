/// The head of a request to a server of ours; what may follow it is never read.
public struct ServerRequest: Sendable {
    /// The method as it was written.
    public var method: String
    /// The path, decoded; of a target in absolute form the whole of it.
    public var path: String
    /// Names and values of the query, decoded, in order.
    public var query: [(name: String, value: String)]
    /// Header fields in the order in which they came.
    public var headers: HTTPHeaders
    /// The protocol's version as it was written: `HTTP/1.1`.
    public var version: String

    /// A request of these parts.
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

    /// Whether it may have an answer here: GET, and HEAD, which gets the same fields and no content.
    public var isReading: Bool { method == "GET" || method == "HEAD" }
}
