/// A text that was checked against a grammar and is kept as written.
public protocol SyntaxValue: Sendable, Hashable, CustomStringConvertible, Codable {
    /// The text as written.
    var text: String { get }

    /// Parses a text.
    ///
    /// - Throws: ``SyntaxError`` that says what is wrong.
    init(_ text: String) throws(SyntaxError)
}

extension SyntaxValue {
    public var description: String { text }

    /// Decodes and parses a string.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the text as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// The character classes of the grammars, for ASCII octets.
enum ASCII {
    static func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
    static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) && byte & 0x40 != 0 }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    /// Whether the octets are a label of a domain name.
    static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard let first = label.first, let last = label.last, label.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
}
