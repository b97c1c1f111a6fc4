public import Network

/// What an answer with an error status says, read leniently: `{error, message}`, `{}`, text or HTML.
public struct XRPCError: Error, Sendable, Equatable, CustomStringConvertible {
    /// HTTP status.
    public let status: Int
    /// The error's name when the body carries one: `InvalidRequest`, `NotFollowedBySender`.
    public let name: String?
    /// The error's message, or up to 200 characters of a body that is not JSON.
    public let message: String?
    /// The answer's header fields.
    public let headers: HTTPHeaders

    /// Reads an answer; at most 4 KiB of its body count.
    public init(_ response: HTTPResponse) {
        status = response.status
        headers = response.headers
        let body = response.body.prefix(4096)
        if let json = try? JSONValue(parsing: body), json.object != nil {
            name = json["error"]?.string.map(Self.clean)
            message = (json["message"]?.string ?? json["error_description"]?.string).map(Self.clean)
        } else {
            name = nil
            let text = Self.clean(String(decoding: body, as: UTF8.self))
            message = text.isEmpty ? nil : text
        }
    }

    /// Whether it says nothing but its status: what a PDS makes of an answer that has no name of its own.
    public var isStatusText: Bool {
        guard let name, name == Self.statusNames[status], let message else { return false }
        return message.filter { $0 != " " } == name
    }

    // xrpc-server's ResponseType; the text of each is its name in words.
    private static let statusNames = [
        400: "InvalidRequest", 401: "AuthenticationRequired", 403: "Forbidden", 404: "XRPCNotSupported",
        406: "NotAcceptable", 413: "PayloadTooLarge", 415: "UnsupportedMediaType", 429: "RateLimitExceeded",
        500: "InternalServerError", 501: "MethodNotImplemented", 502: "UpstreamFailure", 503: "NotEnoughResources",
        504: "UpstreamTimeout",
    ]

    /// Whether the message holds these words, which are given in lower case, in any case.
    public func says(_ phrase: String) -> Bool { message?.lowercased().contains(phrase) ?? false }

    private static func clean(_ text: String) -> String {
        // It is shown in terminals and logs, and some of the servers are strangers'.
        let steering: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        let flat = text.unicodeScalars.map { steering.contains($0.properties.generalCategory) ? " " : Character($0) }
        return String(String(flat).prefix(200))
    }

    /// Status, name and message on one line.
    public var description: String {
        [String(status), name, message.map { "'\($0)'" }].compactMap(\.self).joined(separator: " ")
    }
}
