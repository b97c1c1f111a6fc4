/// The words that somebody wrote themselves, without quotations and without the closing of a letter.
enum OwnWords {
    /// An answer without quoted lines and signature.
    static func of(_ text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(trimmed)
        var kept: [Substring] = []
        var length = 0
        for (number, line) in lines.enumerated() {
            // A text that is this much longer than a short answer need not be read on.
            guard length <= longest else { break }
            length += line.count
            if line.first.map(quoteMarks.contains) == true {
                while kept.last?.isEmpty == true { kept.removeLast() }
                if kept.last.map(isIntroduction) == true { removeIntroduction(from: &kept) }
                continue
            }
            if kept.contains(where: { !$0.isEmpty }) {
                if separators.contains(where: { line.hasPrefix($0) }), !isAsking(line) { break }
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

    /// Whether a sentence only names the device or program that sent it: “Sent from my iPhone”.
    static func isOfDevice(_ words: [FoldedWord]) -> Bool {
        func begins(_ word: FoldedWord, _ text: String) -> Bool {
            word.own.hasPrefix(text) || word.latin.hasPrefix(text)
        }
        guard words.count <= longestSignature,
            words.contains(where: { word in devices.contains { begins(word, $0) } })
        else { return false }
        if words.first?.own == "get" { return true }
        // In scripts without spaces each sign is a word.
        let all = words.map(\.own).joined()
        return sendings.contains { sending in
            words.contains { begins($0, sending) }
                || sending.unicodeScalars.contains { !$0.isASCII } && all.contains(sending)
        }
    }

    /// Whether a line that begins with a dash or stars asks for something, and is not a name.
    private static func isAsking(_ line: Substring) -> Bool {
        let words = FoldedWord.words(of: String(line))
        return [Phrases.stops, .starts].contains { FoldedWord.are(words, oneOf: $0, among: .courtesies) }
    }

    /// Whether a line is a closing such as “Best regards”, with no more than a name below it.
    private static func isClosing(_ words: [FoldedWord], before rest: ArraySlice<Substring>) -> Bool {
        guard !words.isEmpty else { return false }
        var room = longestName
        for line in rest {
            room -= FoldedWord.words(of: String(line)).count
            guard room >= 0 else { return false }
        }
        return FoldedWord.are(words, oneOf: .closings, among: .courtesies)
    }

    private static func isIntroduction(_ line: Substring) -> Bool { line.last.map { ":：".contains($0) } == true }

    /// Removes “On 3 May 2026 at 10:00 they wrote:”, in any language; a long one may take two lines.
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
    /// The most words of a device's signature.
    private static let longestSignature = 8
    private static let longest = OptOutKeyword.maximumLength * 4
    /// The words with which such a signature begins or ends.
    private static let sendings = [
        "sent", "gesendet", "envoyé", "enviad", "inviat", "verzonden", "verstuurd", "skickat", "sendt", "trimis",
        "wysłan", "odesláno", "отправлен", "надіслан", "відправлен", "gönderildi", "lähetetty", "küldve", "στάλθηκε",
        "أرسل", "נשלח", "भेजा", "dikirim", "gửi", "送信", "发自", "發自", "傳送", "보냄", "보낸",
    ].map { FoldedWord.words(of: $0).map(\.own).joined() }
    private static let quoteMarks: Set<Character> = [">", "＞", "|", "»"]
    private static let separators = ["--", "__", "==", "**", "—", "–", "- ", "~"]
    private static let devices = [
        "iphone", "ipad", "ios", "android", "samsung", "galaxy", "huawei", "xiaomi", "redmi", "pixel", "blackberry",
        "outlook", "gmail", "gmx", "yahoo", "proton", "thunderbird", "smartphone", "phone", "telefon", "handy", "mobil",
        "movil",
        "celular", "cellulare", "tablet", "аифон", "телефон",
    ]
}
