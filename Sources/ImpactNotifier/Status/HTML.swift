/// Markup in which every inserted text is escaped, because strangers choose keys, handles and names.
struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// Inserts texts as text, and markup as markup.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var markup = ""

        init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity * 2) }

        mutating func appendLiteral(_ literal: String) { markup += literal }

        mutating func appendInterpolation(_ text: String) { markup += HTML.escaped(text) }

        mutating func appendInterpolation(_ number: Int) { markup += String(number) }

        mutating func appendInterpolation(_ part: HTML) { markup += part.markup }

        mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { markup += part.markup } }
    }

    /// The markup as it is sent.
    let markup: String

    /// Our own markup, unchanged.
    init(verbatim markup: String) { self.markup = markup }

    /// Markup from a literal in the source.
    init(stringLiteral literal: String) { markup = literal }

    init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }

    /// A text that cannot end an element or an attribute, and in which nothing is invisible or reorders what is shown.
    static func escaped(_ text: String) -> String {
        var escaped: [UInt8] = []
        for byte in EscapedText.shown(text) {
            switch byte {
            case UInt8(ascii: "&"): escaped.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): escaped.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): escaped.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): escaped.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): escaped.append(contentsOf: "&#39;".utf8)
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
