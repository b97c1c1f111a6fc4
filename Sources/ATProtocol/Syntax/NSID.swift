/// A namespaced identifier of a collection or an XRPC method (atproto.com/specs/nsid).
public struct NSID: SyntaxValue {
    /// The text as written.
    public let text: String

    /// Parses a reversed domain name followed by a name: at most 317 characters, at least three segments.
    public init(_ text: String) throws(SyntaxError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 317 else { throw SyntaxError("NSID", text, "it is longer than 317 characters") }
        let segments = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard segments.count >= 3, let name = segments.last, let head = segments.first else {
            throw SyntaxError("NSID", text, "it has fewer than three segments")
        }
        guard segments.dropLast().allSatisfy(ASCII.isLabel), let first = head.first, ASCII.isLetter(first) else {
            throw SyntaxError("NSID", text, "its domain part is not a domain name")
        }
        guard let start = name.first, ASCII.isLetter(start), name.count <= 63, name.allSatisfy(ASCII.isAlphanumeric)
        else {
            throw SyntaxError("NSID", text, "its last segment is not a name of letters and digits")
        }
        self.text = text
    }

    /// An identifier from this program's own source; the tests check it, not this initializer.
    public init(known text: StaticString) { self.text = "\(text)" }
}
