/// An absolute `http`, `https`, `ws` or `wss` URL, parsed strictly from ASCII.
///
/// Foundation's `URL` repairs its input (`https://①②⑦.⓪.⓪.①/` becomes `127.0.0.1`, `host.com\@evil.com` becomes
/// `evil.com`); this type rejects such text. It allows no userinfo, fragment, backslash, space or control character.
/// The host is in lower case, and an IPv6 literal has no brackets.
public struct WebURL: Sendable, Hashable, CustomStringConvertible {
    /// The supported schemes.
    public enum Scheme: String, Sendable {
        case http
        case https
        case ws
        case wss

        /// Whether the scheme uses TLS.
        public var isSecure: Bool { self == .https || self == .wss }
        /// 443 with TLS, otherwise 80.
        public var defaultPort: UInt16 { isSecure ? 443 : 80 }
    }

    public let scheme: Scheme
    /// Host name or IP literal, in lower case, IPv6 without brackets.
    public let host: String
    /// The port if it is written and not the scheme's default; otherwise nil.
    public let port: UInt16?
    /// Path and query as on the request line; begins with `/`.
    public let target: String

    /// Parses a URL.
    ///
    /// - Parameter text: at most 8192 ASCII characters.
    /// - Throws: ``WebURLError`` that says what is wrong.
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

    /// Splits an authority without userinfo into host and port; errors quote the whole text.
    static func split(
        _ authority: Substring,
        of text: String
    ) throws(WebURLError) -> (host: String, port: UInt16?) {
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw WebURLError(text, "has an open bracket") }
            let host = authority[authority.index(after: authority.startIndex)..<close].lowercased()
            guard AddressGuard.octets(of: host)?.count == 16 else {
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

    /// The port to connect to.
    public var effectivePort: UInt16 { port ?? scheme.defaultPort }

    /// The target without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The text after the first `?`, not decoded; nil when there is none.
    public var query: String? {
        target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) }
    }

    /// Host and explicit port as in a URL or a `Host` field, with brackets around an IPv6 literal.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// `scheme://host[:port]` without a trailing slash (RFC 6454 §6.2).
    public var origin: String { "\(scheme.rawValue)://\(authority)" }

    /// Whether the host is a literal loopback address (`127.0.0.0/8`, `::1`) or the name `localhost`.
    public var isLoopback: Bool {
        host == "localhost" || AddressGuard.octets(of: host).map(AddressGuard.isLoopback) ?? false
    }

    /// Whether a host, without brackets, is an address literal and not a name.
    package static func isAddress(_ host: String) -> Bool { AddressGuard.octets(of: host) != nil }

    public var description: String { origin + target }

    /// Makes a URL with the same origin and another path and query.
    ///
    /// - Parameters:
    ///   - path: begins with `/`; not encoded further.
    ///   - query: names and values, which are percent-encoded here; an empty list gives no query.
    /// - Returns: a URL with the same origin.
    public func with(path: String, query: [(name: String, value: String)] = []) -> WebURL {
        let tail = query.isEmpty ? "" : "?" + PercentEncoding.form(query)
        return WebURL(scheme: scheme, host: host, port: port, target: path + tail)
    }

    /// Adds names and values to the query.
    public func adding(query items: [(name: String, value: String)]) -> WebURL {
        guard !items.isEmpty else { return self }
        let joint = target.contains("?") ? "&" : "?"
        return WebURL(scheme: scheme, host: host, port: port, target: target + joint + PercentEncoding.form(items))
    }
}

/// Why a text is not a URL that this program accepts.
public struct WebURLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text, cut to 200 characters.
    public let text: String
    /// What is wrong, as the end of a sentence.
    public let reason: String

    /// An error about a text; the reason completes the sentence that begins with the text.
    public init(_ text: String, _ reason: String) {
        self.text = String(text.prefix(200))
        self.reason = reason
    }

    /// A sentence for the operator.
    public var description: String { "'\(text)' \(reason)" }
}
