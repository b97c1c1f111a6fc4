internal import ATProtocol
internal import Network

/// What a request is answered with: a response, or a change of protocol after a response.
enum Reply: Sendable {
    /// An ordinary response.
    case response(HTTPResponse)
    /// A 101 and the code that owns the connection from then on; it gets the bytes that came behind the request.
    case upgrade(HTTPResponse, then: @Sendable (ServerSocket, [UInt8]) -> Void)

    /// The response of either kind.
    var response: HTTPResponse {
        switch self {
        case .response(let response), .upgrade(let response, _): response
        }
    }
}

extension HTTPResponse {
    /// A JSON body.
    static func json(_ value: JSONValue, status: Int = 200, headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        if headers["Content-Type"] == nil { headers["Content-Type"] = "application/json; charset=utf-8" }
        return HTTPResponse(status: status, headers: headers, body: value.encoded)
    }

    /// An XRPC error: `{error, message}`.
    static func failure(_ status: Int, _ name: String, _ message: String, headers: HTTPHeaders = [:]) -> HTTPResponse {
        json(["error": .string(name), "message": .string(message)], status: status, headers: headers)
    }

    /// A text body.
    static func text(_ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8") -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": type], body: Array(text.utf8))
    }

    /// The bytes of the response on the wire.
    func encoded(isHead: Bool = false) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        for field in headers { text += "\(field.name): \(field.value)\r\n" }
        if status != 101, headers["Content-Length"] == nil { text += "Content-Length: \(body.count)\r\n" }
        return Array((text + "\r\n").utf8) + (isHead ? [] : body)
    }

    private static func reason(_ status: Int) -> String {
        let reasons = [
            101: "Switching Protocols", 200: "OK", 201: "Created", 302: "Found", 303: "See Other", 400: "Bad Request",
            401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
            500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
        ]
        return reasons[status] ?? "Status"
    }
}
