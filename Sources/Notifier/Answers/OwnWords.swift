/// What somebody wrote themselves: without what they quote, and without what stands below a letter.
enum OwnWords {
    /// An answer without quoted lines and signature.
    static func of(_ text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(trimmed)
        var kept: [Substring] = []
        for (number, line) in lines.enumerated() {
            if line.first.map(quoteMarks.contains) == true {
                while kept.last?.isEmpty == true { kept.removeLast() }
                if kept.last.map(isIntroduction) == true { removeIntroduction(from: &kept) }
                continue
            }
            if kept.contains(where: { !$0.isEmpty }) {
                if separators.contains(where: { line.hasPrefix($0) }) { break }
                if isIntroduction(line), line.contains(where: \.isNumber) {
                    kept.append(line)
                    removeIntroduction(from: &kept)
                    break
                }
                let words = FoldedWord.words(of: String(line))
                if isOfDevice(words) || isClosing(words, before: lines[(number + 1)...]) { break }
            }
            kept.append(line)
        }
        return kept.joined(separator: "\n")
    }

    /// Whether a sentence names a device or a program that letters are written with: “Sent from my iPhone”, in any language.
    static func isOfDevice(_ words: [FoldedWord]) -> Bool {
        words.contains { word in devices.contains { word.own.hasPrefix($0) || word.latin.hasPrefix($0) } }
    }

    /// “Best regards”, and no more than a name below it.
    private static func isClosing(_ words: [FoldedWord], before rest: ArraySlice<Substring>) -> Bool {
        guard !words.isEmpty, FoldedWord.are(words, oneOf: .closings, among: .courtesies) else { return false }
        return rest.reduce(0) { $0 + FoldedWord.words(of: String($1)).count } <= longestName
    }

    private static func isIntroduction(_ line: Substring) -> Bool { line.last.map { ":：".contains($0) } == true }

    /// Removes “On 3 May 2026 at 10:00 they wrote:”, in any language; a long one stands on two lines.
    private static func removeIntroduction(from kept: inout [Substring]) {
        kept.removeLast()
        if kept.count > 1, kept.last?.contains(where: \.isNumber) == true { kept.removeLast() }
    }

    private static func trimmed(_ line: Substring) -> Substring {
        let begun = line.drop(while: isBlank)
        guard let last = begun.lastIndex(where: { !isBlank($0) }) else { return begun }
        return begun[...last]
    }

    private static func isBlank(_ character: Character) -> Bool {
        character.unicodeScalars.allSatisfy { $0.properties.isWhitespace || $0.properties.isDefaultIgnorableCodePoint }
    }

    private static let longestName = 6
    private static let quoteMarks: Set<Character> = [">", "＞", "|", "»"]
    private static let separators = ["--", "__", "==", "**", "—", "–", "- ", "~"]
    private static let devices = [
        "iphone", "ipad", "ios", "android", "samsung", "galaxy", "huawei", "xiaomi", "redmi", "pixel", "blackberry",
        "outlook", "gmail", "gmx", "yahoo", "proton", "thunderbird", "smartphone", "phone", "telefon", "handy", "mobil",
        "movil",
        "celular", "cellulare", "tablet", "аифон", "телефон",
    ]
}
