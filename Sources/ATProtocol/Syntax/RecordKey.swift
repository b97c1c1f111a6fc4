/// The name of a record within its collection (atproto.com/specs/record-key).
public struct RecordKey: SyntaxValue {
    /// The text as written.
    public let text: String

    /// Parses 1 to 512 characters of `A-Z a-z 0-9 _ ~ . : -`, except `.` and `..`.
    public init(_ text: String) throws(SyntaxError) {
        guard (1...512).contains(text.utf8.count) else {
            throw SyntaxError("record key", text, "it is empty or longer than 512 characters")
        }
        guard text != ".", text != ".." else { throw SyntaxError("record key", text, "it is reserved") }
        guard text.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "_~.:-".utf8.contains($0) }) else {
            throw SyntaxError("record key", text, "it has a character that is not allowed")
        }
        self.text = text
    }
}
