/// The API key of one server, which no other is shown (RFC 6750 §2.1).
///
/// Whoever prints it, or what holds it, prints a mark.
public struct HostKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    private let text: String
    private let origin: String

    /// A key for the server of an address; nil when the octets are none: at most 4096 visible ASCII characters.
    public init?(_ octets: [UInt8], for url: WebURL) {
        guard (1...4096).contains(octets.count), octets.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        text = String(decoding: octets, as: UTF8.self)
        origin = url.origin
    }

    /// The value of `Authorization` for a request; nil to every server but its own, and without TLS to all but loopback.
    public func authorization(to url: WebURL) -> String? {
        url.origin == origin && (url.scheme.isSecure || url.isLoopback) ? "Bearer \(text)" : nil
    }

    /// What the server says, which may quote the key, without it.
    public func hidden(in words: String) -> String { words.replacing(text, with: description) }

    /// The mark.
    public var description: String { "[redacted]" }

    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension HostKey? {
    /// What the server says, without the key that it was shown, if any.
    public func hidden(in words: String) -> String { self?.hidden(in: words) ?? words }
}
