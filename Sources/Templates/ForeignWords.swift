internal import ATProtocol

/// Makes a stranger's text safe for our messages: on one line, without links, and distinguishable from our own words.
///
/// Clients turn addresses, bare domain names with any ending, mentions, tags and schemes into links, some after they
/// have mapped characters to ASCII (UTS #46). No client continues a link after a space, so a space is inserted where
/// such a word would go on. The quotation marks, square brackets, long dashes and bullets of our own messages are
/// replaced by others.
package enum ForeignWords {
    /// The safe text on one line; empty when nothing of it can be shown.
    package static func defused(_ text: String) -> String {
        let words = PlainText.sanitize(text).split(separator: " ").map { word in
            isAddress(word) ? "[link]" : String(String.UnicodeScalarView(word.unicodeScalars.map(withoutOurSigns)))
        }
        // An accent without a letter, or the tone of a face that is not there, would combine with our own quotation mark.
        var shown = words.joined(separator: " ").unicodeScalars.drop {
            isInvisible($0) || $0 == " " || "“\($0)".count == 1
        }
        while let last = shown.last, last == " " || "\(last)”".count == 1 { shown.removeLast() }
        return broken(Array(shown)) { dot, index, scalars in
            switch dot {
            case ".": breaksDomain(at: index, in: scalars)
            case ":": breaksScheme(at: index, in: scalars)
            default: breaksName(behind: dot, at: index, in: scalars)
            }
        }
    }

    /// The safe text in quotation marks, cut to this many graphemes and bytes; empty when there is nothing to show.
    package static func quoted(_ text: String, graphemes: Int, bytes: Int) -> String {
        inMarks(PlainText.truncate(defused(text), graphemes: graphemes, bytes: bytes))
    }

    /// Puts safe text in quotation marks; an empty text stays empty.
    static func inMarks(_ words: String) -> String { words.isEmpty ? "" : "“\(words)”" }

    /// Makes a collection, a record key or an AT-URI safe.
    ///
    /// No part looks like a domain name, and the record key does not look like a scheme.
    package static func defusedIdentifier(_ text: String) -> String {
        let identifier = Array(PlainText.sanitize(text).unicodeScalars)
        let key = identifier.lastIndex(of: "/") ?? 0
        return broken(identifier) { sign, index, scalars in
            switch sign {
            case ".": breaksDomain(at: index, in: scalars)
            case ":": index >= key && breaksScheme(at: index, in: scalars)
            default: false
            }
        }
    }

    // MARK: Where a word is broken

    /// Inserts a space after each sign (see ``folded(_:)``) for which the closure returns true.
    private static func broken(
        _ scalars: [Unicode.Scalar],
        _ breaks: (Unicode.Scalar, Int, [Unicode.Scalar]) -> Bool
    ) -> String {
        var out = String.UnicodeScalarView()
        var due: Int?
        for (index, scalar) in scalars.enumerated() {
            if index == due { out.append(" ") }
            out.append(scalar)
            let sign = folded(scalar)
            guard ".:@#$".unicodeScalars.contains(sign), breaks(sign, index, scalars) else { continue }
            due = next(after: index, in: scalars)
        }
        return String(out)
    }

    /// Whether a dot is between two labels of a possible domain name, or before the last number of an IP address.
    ///
    /// No top-level domain has one letter or begins with a digit, so `e.g.` and `v1.2` are not changed.
    private static func breaksDomain(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        guard let following = next(after: index, in: scalars), isWord(scalars[following]) else { return false }
        guard isBehindName(index, in: scalars) else { return false }
        let first = folded(scalars[following])
        if isDigit(first) { return numbers(before: index, in: scalars) >= 3 }
        guard first.isASCII, scalars[index] == "." else { return true }
        return next(after: following, in: scalars).map { isWord(scalars[$0]) || isHyphen(scalars[$0]) } ?? false
    }

    /// Whether a possible label comes before the dot; a numbered full stop such as `⒈` contains one.
    private static func isBehindName(_ index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        var dot = index
        while folded(scalars[dot]) == "." {
            if isWord(scalars[dot]) { return true }
            guard let before = previous(before: dot, in: scalars) else { return false }
            dot = before
        }
        return isWord(scalars[dot]) || isHyphen(scalars[dot])
    }

    /// Whether a colon ends a possible scheme; `10:30` and `std::vector` are not changed.
    private static func breaksScheme(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        guard let before = previous(before: index, in: scalars), isWord(scalars[before]),
            let following = next(after: index, in: scalars)
        else { return false }
        let (last, first) = (folded(scalars[before]), folded(scalars[following]))
        guard isWord(scalars[following]) || "/?#".unicodeScalars.contains(first) else { return false }
        return first != ":" && !(isDigit(last) && isDigit(first))
    }

    /// Whether a mention, a tag or a ticker symbol begins here; `#12` and `$5` are not changed.
    private static func breaksName(behind sign: Unicode.Scalar, at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        guard let following = next(after: index, in: scalars) else { return false }
        let first = scalars[following]
        guard isWord(first) || isHyphen(first) else { return false }
        guard sign != "@", isDigit(folded(first)) else { return true }
        let behind = scalars[following...].first { !isDigit(folded($0)) }
        return sign == "#" && behind.map(isWord) == true
    }

    /// How many numbers, separated by single dots, come before a dot; counts at most three.
    private static func numbers(before index: Int, in scalars: [Unicode.Scalar]) -> Int {
        var count = 0
        var position: Int? = index
        while count < 3, let dot = position, folded(scalars[dot]) == "." {
            guard var digit = previous(before: dot, in: scalars), isDigit(folded(scalars[digit])) else { break }
            count += 1
            position = nil
            while let before = previous(before: digit, in: scalars) {
                guard isDigit(folded(scalars[before])) else {
                    position = before
                    break
                }
                digit = before
            }
        }
        return count
    }

    private static func next(after index: Int, in scalars: [Unicode.Scalar]) -> Int? {
        scalars[(index + 1)...].firstIndex { !isInvisible($0) }
    }

    private static func previous(before index: Int, in scalars: [Unicode.Scalar]) -> Int? {
        scalars[..<index].lastIndex { !isInvisible($0) }
    }

    // MARK: What a character is

    private static func isAddress(_ word: Substring) -> Bool {
        let seen = String(String.UnicodeScalarView(word.unicodeScalars.filter { !isInvisible($0) }.map(folded)))
            .lowercased().unicodeScalars
        // By scalars, because a vowel sign and the dot before it are one character.
        return ["://", "www."].contains { seen.contains($0.unicodeScalars) }
    }

    /// The sign as a client may read it.
    ///
    /// That is ASCII for full-width and small forms, a dot for ideographic and numbered full stops (Unicode's
    /// compatibility decomposition, UTS #46), and a slash for similar characters.
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(UInt8(scalar.value - 0xFEE0))
        case 0x2024, 0x3002, 0xFF61, 0xFE12, 0xFE52, 0x2488...0x249B, 0x1F100, 0x33C2, 0x33C7, 0x33D8: "."
        case 0xFE13, 0xFE55: ":"
        case 0xFE6B: "@"
        case 0xFE5F: "#"
        case 0xFE69: "$"
        case 0x2044, 0x2215, 0x29F8: "/"
        case 0x2047, 0x2048, 0xFE16, 0xFE56: "?"
        case 0x2011, 0xFE63: "-"
        case 0xFE33, 0xFE34, 0xFE4D...0xFE4F: "_"
        default: scalar
        }
    }

    /// The replacement for a character that our messages use: `“Window”`, `[ref-…]`, `— Impact Notifier:` and `•`.
    private static func withoutOurSigns(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .initialPunctuation, .finalPunctuation: return "'"
        default: break
        }
        return switch scalar.value {
        case 0x22, 0xFF02, 0x201A, 0x201E, 0x2E42, 0x300C...0x300F, 0x301D...0x301F, 0xFE41...0xFE44, 0xFF62, 0xFF63:
            "'"
        case 0x02BA, 0x02DD, 0x02EE, 0x05F4, 0x2033, 0x2036, 0x3003, 0x275D, 0x275E: "'"
        case 0x5B, 0xFF3B, 0xFE47: "("
        case 0x5D, 0xFF3D, 0xFE48: ")"
        case 0x2014, 0x2015, 0x2E3A, 0x2E3B, 0xFE31, 0xFE58: "–"
        case 0x2022: "·"
        default: scalar
        }
    }

    /// Whether a character is a joiner, a variation selector or a combining mark, which do not end a word in clients.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            false
        default: !scalar.properties.isWhitespace
        }
    }

    private static func isHyphen(_ scalar: Unicode.Scalar) -> Bool { "-_".unicodeScalars.contains(folded(scalar)) }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .decimalNumber
    }
}
