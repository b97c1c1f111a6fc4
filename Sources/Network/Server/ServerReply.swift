/// What a server of ours answers to one request; the connection ends with it.
public struct ServerReply: Sendable {
    /// Status, fields and body; `Content-Length`, `Date` and `Connection` are added.
    public var response: HTTPResponse
    /// Called when the answer is on its way, or can never be sent any more.
    public var afterwards: (@Sendable () -> Void)?

    /// A reply, and what follows it.
    public init(_ response: HTTPResponse, afterwards: (@Sendable () -> Void)? = nil) {
        self.response = response
        self.afterwards = afterwards
    }

    /// A text of a type, which no cache keeps and no browser guesses another type of.
    public init(
        _ body: some Sequence<UInt8>,
        type: String = "text/plain; charset=utf-8",
        status: Int = 200,
        headers: HTTPHeaders = [:]
    ) {
        var headers = headers
        headers["Content-Type"] = type
        headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        self.init(HTTPResponse(status: status, headers: headers, body: Array(body)))
    }
}
