/// The HTTP proxy that secure connections go through, and the hosts that are reached without it.
///
/// Read from the environment as curl reads it: `https_proxy` or `HTTPS_PROXY`, `no_proxy` or `NO_PROXY`.
public struct ProxySettings: Sendable, Equatable {
    /// The proxy, `http` only; nil for none.
    public var proxy: WebURL?
    /// The value of `Proxy-Authorization`, made from a user and password in the proxy's URL; never shown.
    var authorization: String?
    /// Host suffixes that are reached directly; `*` means all.
    public var exceptions: [String]

    /// No proxy.
    public static let none = ProxySettings()

    /// Settings with these parts.
    public init(proxy: WebURL? = nil, exceptions: [String] = []) {
        self.proxy = proxy
        self.exceptions = exceptions
    }

    /// Settings from environment variables.
    ///
    /// - Throws: ``WebURLError`` when the proxy's URL cannot be used; its text has no password in it.
    public init(environment: [String: String]) throws(WebURLError) {
        self.init(exceptions: Self.list(environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""))
        guard var text = environment["https_proxy"] ?? environment["HTTPS_PROXY"], !text.isEmpty else { return }
        if !text.contains("://") { text = "http://" + text }
        if let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), at >= scheme.upperBound {
            let credentials = text[scheme.upperBound..<at]
            if let decoded = PercentEncoding.decode(credentials) { authorization = "Basic " + Self.base64(decoded) }
            text.removeSubrange(scheme.upperBound...at)
        }
        let url = try WebURL(text)
        guard url.scheme == .http else { throw WebURLError(text, "is not an http proxy") }
        proxy = url
    }

    /// The proxy for a host, nil when it is reached directly.
    ///
    /// An exception matches the host itself and every name below it; loopback addresses are always direct.
    func proxy(for host: String) -> WebURL? {
        guard let proxy else { return nil }
        if WebURL.isLoopback(host) { return nil }
        let isDirect = exceptions.contains { $0 == "*" || host == $0 || host.hasSuffix("." + $0) }
        return isDirect ? nil : proxy
    }

    private static func list(_ text: String) -> [String] {
        text.split { $0 == "," || $0 == " " }.map { entry in
            let name = entry.lowercased()
            return name.hasPrefix(".") ? String(name.dropFirst()) : name
        }
    }

    private static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        var out = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                out.append(place <= group.count ? alphabet[word >> (18 - 6 * place) & 63] : "=")
            }
        }
        return out
    }
}
