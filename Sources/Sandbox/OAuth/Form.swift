internal import ATProtocol
internal import Network

/// The fields of a form body, each at most once, with the reference server's words for those that are missing.
struct Form {
    private let values: [String: String]

    init(_ request: IncomingRequest) {
        values = Dictionary(request.form.map { ($0.name, $0.value) }) { first, _ in first }
    }

    subscript(name: String) -> String? { values[name] }

    /// The `client_id`, without which there are no credentials.
    ///
    /// - Parameter code: what an endpoint calls that.
    /// - Returns: the identifier.
    /// - Throws: a refusal with that code.
    func clientID(orRefuse code: String) throws(AuthorizationServer.Refusal) -> String {
        try value("client_id", orRefuse: code, "Client credentials missing")
    }

    /// A field that must be there.
    func value(
        _ name: String,
        orRefuse code: String,
        _ sentence: String
    ) throws(AuthorizationServer.Refusal) -> String {
        guard let value = values[name] else {
            throw AuthorizationServer.Refusal(code: code, message: "\(sentence): Required at body.\(name)")
        }
        guard !value.isEmpty else {
            let message = "\(sentence): String must contain at least 1 character(s) at body.\(name)"
            throw AuthorizationServer.Refusal(code: code, message: message)
        }
        return value
    }
}
