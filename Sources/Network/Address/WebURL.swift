internal import Glibc

/// An absolute `http`, `https`, `ws` or `wss` URL, parsed strictly from ASCII.
///
/// Foundation's `URL` repairs what it is given (`https://①②⑦.⓪.⓪.①/` becomes `127.0.0.1`, `host.com\@evil.com` becomes
/// `evil.com`); this type refuses instead. No userinfo, no fragment, no backslash, no space, no control character.
/// The host is lower case and holds no brackets when it is an IPv6 literal.
public struct WebURL: Sendable, Hashable, CustomStringConvertible {
    /// The schemes that this program speaks.
    public enum Scheme: String, Sendable {
        case http
        case https
        case ws
        case wss

        /// Whether the bytes travel under TLS.
        public var isSecure: Bool { self == .https || self == .wss }
        /// 443 under TLS, else 80.
        public var defaultPort: UInt16 { isSecure ? 443 : 80 }
    }

    /// The scheme.
    public let scheme: Scheme
    /// Host name or IP literal, lower case, IPv6 without brackets.
    public let host: String
    /// The port when it is written and differs from the scheme's default, else nil.
    public let port: UInt16?
    /// Path and query as they go on the request line; begins with `/`.
    public let target: String

    /// Parses a URL.
    ///
    /// - Parameter text: at most 8192 ASCII characters.
    /// - Throws: ``WebURLError`` naming what is wrong.
    public init(_ text: String) throws(WebURLError) {
        guard text.utf8.count <= 8192 else { throw WebURLError(text, "is longer than 8192 characters") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw WebURLError(text, "holds a character that a URL may not hold")
        }
        guard let separator = text.firstRange(of: "://") else { throw WebURLError(text, "is not an absolute URL") }
        guard let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased()) else {
            throw WebURLError(text, "has a scheme other than http, https, ws or wss")
        }
        let rest = text[separator.upperBound...]
        guard !rest.contains("#") else { throw WebURLError(text, "has a fragment") }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw WebURLError(text, "has a user name or password in it") }
        let place = try Self.split(authority, of: text)
        let tail = String(rest[end...])
        self.scheme = scheme
        self.host = place.host
        self.port = place.port == scheme.defaultPort ? nil : place.port
        self.target = tail.hasPrefix("/") ? tail : "/" + tail
    }

    private init(scheme: Scheme, host: String, port: UInt16?, target: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// Host and port of an authority without userinfo; the text that it is of stands in the error.
    static func split(
        _ authority: Substring,
        of text: String
    ) throws(WebURLError) -> (host: String, port: UInt16?) {
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw WebURLError(text, "has an open bracket") }
            let host = authority[authority.index(after: authority.startIndex)..<close].lowercased()
            var octets = [UInt8](repeating: 0, count: 16)
            guard unsafe inet_pton(AF_INET6, host, &octets) == 1 else {
                throw WebURLError(text, "has an invalid IPv6 literal")
            }
            let rest = authority[authority.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw WebURLError(text, "has text behind its host") }
            return try (host, rest.isEmpty ? nil : portNumber(rest.dropFirst(), of: text))
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = parts[0].lowercased()
        let isAllowed = host.utf8.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        }
        guard !host.isEmpty, host.utf8.count <= 253, isAllowed else { throw WebURLError(text, "has an invalid host") }
        return try (host, parts.count == 2 ? portNumber(parts[1], of: text) : nil)
    }

    private static func portNumber(_ digits: Substring, of text: String) throws(WebURLError) -> UInt16 {
        guard let number = UInt16(digits), number > 0, digits.allSatisfy(\.isNumber) else {
            throw WebURLError(text, "has an invalid port")
        }
        return number
    }

    /// The port that a connection is made to.
    public var effectivePort: UInt16 { port ?? scheme.defaultPort }

    /// The target without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// What follows the first `?`, undecoded; nil when there is none.
    public var query: String? {
        target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) }
    }

    /// Host as it is written in a URL or a `Host` header, with brackets around an IPv6 literal, and the port if explicit.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// `scheme://host[:port]` without a trailing slash (RFC 6454 §6.2).
    public var origin: String { "\(scheme.rawValue)://\(authority)" }

    /// Whether the host is a literal loopback address (`127.0.0.0/8`, `::1`) or the name `localhost`.
    public var isLoopback: Bool { host == "::1" || host == "localhost" || IPv4Address(host)?.octets.0 == 127 }

    /// Whether a host, without brackets, is a literal address of either family and not a name.
    static func isAddress(_ host: String) -> Bool { IPv4Address(host) != nil || host.contains(":") }

    /// The URL as text.
    public var description: String { origin + target }

    /// The same origin with another path and query.
    ///
    /// - Parameters:
    ///   - path: begins with `/`; used as it is.
    ///   - query: names and values, percent-encoded here; an empty list gives no query.
    /// - Returns: a URL of the same origin.
    public func with(path: String, query: [(name: String, value: String)] = []) -> WebURL {
        let tail = query.isEmpty ? "" : "?" + PercentEncoding.form(query)
        return WebURL(scheme: scheme, host: host, port: port, target: path + tail)
    }

    /// The same URL with names and values added to its query.
    public func adding(query items: [(name: String, value: String)]) -> WebURL {
        guard !items.isEmpty else { return self }
        let joint = target.contains("?") ? "&" : "?"
        return WebURL(scheme: scheme, host: host, port: port, target: target + joint + PercentEncoding.form(items))
    }
}

/// Why a text is not a URL that this program will use.
public struct WebURLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text, cut to 200 characters.
    public let text: String
    /// What is wrong with it, as the end of a sentence.
    public let reason: String

    /// An error about a text; the reason ends the sentence that the text begins.
    public init(_ text: String, _ reason: String) {
        self.text = String(text.prefix(200))
        self.reason = reason
    }

    /// A sentence for the operator.
    public var description: String { "'\(text)' \(reason)" }
}
