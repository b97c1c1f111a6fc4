internal import Network

/// A response in place of the one that was asked for; whoever handles a request throws it.
struct ResponseError: Error {
    let response: HTTPResponse

    init(_ response: HTTPResponse) { self.response = response }

    /// An XRPC error: `{error, message}`.
    static func failure(_ status: Int, _ name: String, _ message: String, headers: HTTPHeaders = [:]) -> ResponseError {
        ResponseError(.failure(status, name, message, headers: headers))
    }

    /// The XRPC error of a server that goes wrong, as it masks whatever that was.
    static let serverError = failure(500, "InternalServerError", "Internal Server Error")

    /// The XRPC error for what a lexicon does not allow.
    static func invalid(_ message: String) -> ResponseError { failure(400, "InvalidRequest", message) }
}
