/// The API key of one server; it is sent to no other server (RFC 6750 §2.1).
///
/// Printing it, or a value that holds it, prints a placeholder.
public struct HostKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    private let text: String
    private let origin: String

    /// A key for the server of a URL; nil unless it is 1 to 4096 visible ASCII characters.
    public init?(_ octets: [UInt8], for url: WebURL) {
        guard (1...4096).contains(octets.count), octets.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        text = String(decoding: octets, as: UTF8.self)
        origin = url.origin
    }

    /// The value of `Authorization`; nil for other servers, and without TLS unless the server is loopback.
    public func authorization(to url: WebURL) -> String? {
        url.origin == origin && (url.scheme.isSecure || url.isLoopback) ? "Bearer \(text)" : nil
    }

    /// Replaces the key in text from the server, which may quote it.
    public func hidden(in words: String) -> String { words.replacing(text, with: description) }

    public var description: String { "[redacted]" }

    /// Empty, so that reflection does not show the key.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension HostKey? {
    /// Replaces the key, if there is one, in text from the server.
    public func hidden(in words: String) -> String { self?.hidden(in: words) ?? words }
}
