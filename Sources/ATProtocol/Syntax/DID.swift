/// A decentralized identifier (atproto.com/specs/did).
///
/// It is checked for syntax only: `did:plc:asdf123` is a DID, although the directory cannot have issued it. See
/// ``isSupported``.
public struct DID: SyntaxValue {
    /// The text as written.
    public let text: String

    /// Parses `did:<method>:<identifier>`, at most 2048 characters.
    public init(_ text: String) throws(SyntaxError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 2048 else { throw SyntaxError("DID", text, "it is longer than 2048 characters") }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual("did".utf8) else {
            throw SyntaxError("DID", text, "it does not read did:method:identifier")
        }
        guard !parts[1].isEmpty, parts[1].allSatisfy(ASCII.isLower) else {
            throw SyntaxError("DID", text, "its method is not lower-case letters")
        }
        let isAllowed = parts[2].allSatisfy { ASCII.isAlphanumeric($0) || "._:%-".utf8.contains($0) }
        guard let last = parts[2].last, isAllowed, last != UInt8(ascii: ":"), last != UInt8(ascii: "%") else {
            throw SyntaxError("DID", text, "its identifier has a character that is not allowed")
        }
        self.text = text
    }

    /// The method: `plc`, `web` or another.
    public var method: String { String(text.dropFirst(4).prefix { $0 != ":" }) }

    /// The part after the method.
    public var identifier: String { String(text.dropFirst(5 + method.utf8.count)) }

    /// Whether this network resolves it: `did:plc` of 24 base32 characters, or `did:web` of a host name.
    ///
    /// `did:web` with a path is not supported. A port is supported on `localhost` only, for development.
    public var isSupported: Bool {
        switch method {
        case "plc":
            return identifier.utf8.count == 24
                && identifier.utf8.allSatisfy { ASCII.isLower($0) || ($0 >= 0x32 && $0 <= 0x37) }
        case "web":
            return !identifier.contains(":")
                && (!identifier.contains("%") || identifier.lowercased().hasPrefix("localhost%3a"))
        default:
            return false
        }
    }
}
