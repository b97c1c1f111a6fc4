/// The token that clients of a server of ours show (RFC 6750 §2.1).
///
/// Whoever prints it, or what holds it, prints a mark.
public struct BearerToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// A shorter one might be guessed.
    public static let shortest = 16

    private let octets: [UInt8]

    /// A token; nil when the octets are none: 16 to 4096 visible ASCII characters.
    public init?(_ octets: [UInt8]) {
        guard (Self.shortest...4096).contains(octets.count), octets.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        self.octets = octets
    }

    /// Whether a request shows it, in its one `Authorization` field.
    ///
    /// How long the comparison takes says nothing of the token but its length.
    public func isShown(by request: ServerRequest) -> Bool {
        let fields = request.headers.values(of: "Authorization")
        guard fields.count == 1, let field = fields.first else { return false }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let shown = Array(parts[1].utf8)
        guard shown.count == octets.count else { return false }
        return zip(octets, shown).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The mark.
    public var description: String { "[redacted]" }

    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
