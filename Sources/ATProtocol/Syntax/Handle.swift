/// A domain name that identifies an account (atproto.com/specs/handle).
public struct Handle: SyntaxValue {
    /// The text as written.
    public let text: String

    /// Parses a host name of at least two labels and at most 253 characters; the last label starts with a letter.
    public init(_ text: String) throws(SyntaxError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 253 else { throw SyntaxError("handle", text, "it is longer than 253 characters") }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2 else { throw SyntaxError("handle", text, "it has no dot") }
        guard labels.allSatisfy(ASCII.isLabel) else {
            throw SyntaxError("handle", text, "a label is empty, too long or has a wrong character")
        }
        guard let top = labels.last?.first, ASCII.isLetter(top) else {
            throw SyntaxError("handle", text, "its last label does not start with a letter")
        }
        self.text = text
    }

    /// The form for comparing handles.
    public var normalized: String { text.lowercased() }

    /// Whether its top-level domain is not allowed for handles on the public network.
    ///
    /// `.test` is disallowed here, too; a development switch may allow it.
    public var isDisallowed: Bool {
        let top = normalized.split(separator: ".").last.map(String.init) ?? ""
        return ["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion"].contains(top)
    }
}
