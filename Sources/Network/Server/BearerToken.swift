/// The token that clients of our own server send (RFC 6750 §2.1).
///
/// Printing it, or a value that holds it, prints a placeholder.
public struct BearerToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The shortest token in octets; a shorter one might be guessed.
    public static let shortest = 16

    private let octets: [UInt8]

    /// A token; nil unless it is 16 to 4096 visible ASCII characters.
    public init?(_ octets: [UInt8]) {
        guard (Self.shortest...4096).contains(octets.count), octets.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        self.octets = octets
    }

    /// Whether a request has this token, in exactly one `Authorization` field.
    ///
    /// The time of the comparison reveals only the length of the token.
    public func isShown(by request: ServerRequest) -> Bool {
        let fields = request.headers.values(of: "Authorization")
        guard fields.count == 1, let field = fields.first else { return false }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let shown = Array(parts[1].utf8)
        guard shown.count == octets.count else { return false }
        return zip(octets, shown).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    public var description: String { "[redacted]" }

    /// Empty, so that reflection does not show the token.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
