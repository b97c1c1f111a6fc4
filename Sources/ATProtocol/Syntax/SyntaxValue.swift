/// A text that was checked against a grammar when it was made, and is kept as it was written.
public protocol SyntaxValue: Sendable, Hashable, CustomStringConvertible, Codable {
    /// The text, verbatim.
    var text: String { get }

    /// Checks a text.
    ///
    /// - Throws: ``SyntaxError`` naming what is wrong.
    init(_ text: String) throws(SyntaxError)
}

extension SyntaxValue {
    /// The text, verbatim.
    public var description: String { text }

    /// Decodes and checks a string.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the text as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Character classes of the grammars, on ASCII octets.
enum ASCII {
    static func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
    static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) && byte & 0x40 != 0 }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
}
