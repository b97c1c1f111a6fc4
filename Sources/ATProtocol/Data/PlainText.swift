/// Makes text from strangers safe to show: one line, no control or bidirectional characters, no hidden text.
package enum PlainText {
    /// The most scalars that a grapheme keeps; the longest emoji sequences in use have ten.
    package static let maximumScalarsPerGrapheme = 16

    /// The text on one line, without anything that misleads the reader or the renderer.
    ///
    /// It removes control and format characters (bidirectional marks, soft hyphens, tags), except the joiners that
    /// emoji and several scripts need, as well as private-use characters, unassigned ones and noncharacters. Whitespace
    /// of any kind becomes one space. A grapheme keeps at most ``maximumScalarsPerGrapheme`` scalars.
    package static func sanitize(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        var isSpaceDue = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace || isBlank(scalar) || isControl(scalar) {
                isSpaceDue = !kept.isEmpty
            } else if isShown(scalar) {
                if isSpaceDue { kept.append(" ") }
                isSpaceDue = false
                kept.append(scalar)
            }
        }
        var out = ""
        for grapheme in String(kept) {
            let scalars = grapheme.unicodeScalars
            if scalars.count <= maximumScalarsPerGrapheme {
                out.append(grapheme)
            } else {
                out.unicodeScalars.append(contentsOf: scalars.prefix(maximumScalarsPerGrapheme))
            }
        }
        return out
    }

    /// Cuts the text to this many graphemes, the last of which is then an ellipsis.
    package static func truncate(_ text: String, graphemes limit: Int) -> String {
        guard text.count > limit else { return text }
        var head = String(text.prefix(max(0, limit - 1)))
        while head.last == " " { head.removeLast() }
        return head + "…"
    }

    /// Cuts the text to both limits, with an ellipsis at the end if it was longer.
    package static func truncate(_ text: String, graphemes: Int, bytes: Int) -> String {
        let cut = truncate(text, graphemes: max(0, graphemes))
        guard cut.utf8.count > bytes else { return graphemes > 0 ? cut : "" }
        var head = ""
        var count = 0
        for grapheme in cut {
            let size = grapheme.utf8.count
            guard count + size + 3 <= bytes else { break }
            head.append(grapheme)
            count += size
        }
        return bytes >= 3 ? head + "…" : ""
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    // Letters by category that show nothing: Hangul fillers and the empty Braille cell.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        [0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0].contains(scalar.value)
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format: scalar.value == 0x200C || scalar.value == 0x200D
        case .privateUse, .unassigned, .surrogate: false
        default: true
        }
    }
}
