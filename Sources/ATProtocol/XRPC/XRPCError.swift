public import Network

/// The content of a response with an error status, parsed leniently: `{error, message}`, `{}`, text or HTML.
public struct XRPCError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The HTTP status code.
    public let status: Int
    /// The error's name if the body has one: `InvalidRequest`, `NotFollowedBySender`.
    public let name: String?
    /// The error's message, or up to 200 characters of a body that is not JSON.
    public let message: String?
    /// The response's header fields.
    public let headers: HTTPHeaders

    /// Parses a response; only the first 4 KiB of its body count.
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

    /// Whether it only repeats its status, as a PDS does when it passes on an error without a name.
    public var isStatusText: Bool {
        guard let name, name == Self.statusNames[status], let message else { return false }
        return message.filter { $0 != " " } == name
    }

    // The names in xrpc-server's ResponseType; the message of each is its name as words.
    private static let statusNames = [
        400: "InvalidRequest", 401: "AuthenticationRequired", 403: "Forbidden", 404: "XRPCNotSupported",
        406: "NotAcceptable", 413: "PayloadTooLarge", 415: "UnsupportedMediaType", 429: "RateLimitExceeded",
        500: "InternalServerError", 501: "MethodNotImplemented", 502: "UpstreamFailure", 503: "NotEnoughResources",
        504: "UpstreamTimeout",
    ]

    /// Whether the message contains a phrase, given in lower case, ignoring case.
    public func says(_ phrase: String) -> Bool { message?.lowercased().contains(phrase) ?? false }

    private static func clean(_ text: String) -> String {
        // The text is shown in terminals and logs, and some servers belong to strangers.
        let steering: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        let flat = text.unicodeScalars.map { steering.contains($0.properties.generalCategory) ? " " : Character($0) }
        return String(String(flat).prefix(200))
    }

    /// Status, name and message, on one line.
    public var description: String {
        [String(status), name, message.map { "'\($0)'" }].compactMap(\.self).joined(separator: " ")
    }
}
