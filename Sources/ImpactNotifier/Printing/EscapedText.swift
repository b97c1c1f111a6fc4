/// Text between double quotes in which nothing can end the line, leave the quotes or reorder what a terminal shows.
///
/// Both log formats use JSON's escapes (RFC 8259 §7), so that any JSON reader decodes them. In addition to what JSON
/// requires, every control, format (bidirectional overrides, zero-width joiners, tags), separator, private and
/// unassigned scalar is escaped, because a log is read in a terminal and its values come from strangers.
enum EscapedText {
    /// Appends `text` in quotes; at most `limit` octets between them, then `…`.
    static func append(_ text: some StringProtocol, to line: inout [UInt8], limit: Int) {
        line.append(UInt8(ascii: "\""))
        let end = line.count + limit
        for scalar in text.unicodeScalars {
            let before = line.count
            append(scalar, to: &line)
            if line.count > end {
                line.removeSubrange(before...)
                line.append(contentsOf: "…".utf8)
                break
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// The text as a terminal may show it: line ends, tabs and emoji joiners stay; everything else that could control
    /// it is escaped.
    static func shown(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\t", "\"", "\\", "\u{200C}", "\u{200D}", "\u{A0}":
                bytes.append(contentsOf: Unicode.UTF8.encode(scalar) ?? .init())
            default: append(scalar, to: &bytes)
            }
        }
        return bytes
    }

    private static func append(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
        switch scalar {
        case "\"": line.append(contentsOf: #"\""#.utf8)
        case "\\": line.append(contentsOf: #"\\"#.utf8)
        case "\n": line.append(contentsOf: #"\n"#.utf8)
        case "\r": line.append(contentsOf: #"\r"#.utf8)
        case "\t": line.append(contentsOf: #"\t"#.utf8)
        case " "..."~": line.append(UInt8(truncatingIfNeeded: scalar.value))
        case let scalar where isVisible(scalar): line.append(contentsOf: Unicode.UTF8.encode(scalar) ?? .init())
        default:
            for unit in UTF16.encode(scalar) ?? .init() { appendEscape(unit, to: &line) }
        }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .surrogate,
            .unassigned:
            false
        default: true
        }
    }

    private static func appendEscape(_ unit: UInt16, to line: inout [UInt8]) {
        line.append(contentsOf: #"\u"#.utf8)
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 0xF)
            line.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
