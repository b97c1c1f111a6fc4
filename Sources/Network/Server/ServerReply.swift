/// The response of our own server to one request; the connection closes after it.
public struct ServerReply: Sendable {
    /// Status, fields and body; the server adds `Content-Length`, `Date` and `Connection`.
    public var response: HTTPResponse
    /// Called when the response is being sent, or can no longer be sent.
    public var afterwards: (@Sendable () -> Void)?

    /// A response, and what to do after it.
    public init(_ response: HTTPResponse, afterwards: (@Sendable () -> Void)? = nil) {
        self.response = response
        self.afterwards = afterwards
    }

    /// A text response of a media type; caches do not store it, and browsers do not guess another type.
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
