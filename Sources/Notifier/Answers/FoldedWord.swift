/// A word as its reader takes it, whatever characters it is written with.
///
/// These make no difference: case, accents, strikethrough marks, zero-width characters, full width and letters of other
/// designs. That is most of what Unicode calls compatibility (UAX #15), and those confusables of UTS #39 that people
/// use. In scripts without spaces each sign is a word.
struct FoldedWord: Sendable, Hashable {
    /// The word in its own script.
    let own: String
    /// The word with every letter that looks like a Latin one replaced by that letter; in a word, digits too.
    let latin: String
    /// The word with every letter that looks like a Cyrillic one replaced by it, if it has a Cyrillic letter at all.
    let cyrillic: String

    /// The words of a text, without what stands between them.
    ///
    /// - Parameters:
    ///   - text: any.
    ///   - spellsByFlags: whether the letters that make up flags count as letters.
    /// - Returns: the words in order.
    static func words(of text: String, spellsByFlags: Bool = false) -> [FoldedWord] {
        var words: [String.UnicodeScalarView] = []
        // Whether the last word goes on with the next letter, or with the next mark.
        var (isOpen, hasLetter) = (false, false)
        for scalar in text.unicodeScalars {
            for plain in Lookalikes.plain(scalar, spellsByFlags: spellsByFlags) {
                if hasLetter, isContinuing(plain) {
                    words[words.count - 1].append(plain)
                } else if isSign(plain) || OptOutLanguage.signs.contains(Character(plain)) {
                    words.append(String.UnicodeScalarView([plain]))
                    (isOpen, hasLetter) = (false, true)
                } else if isPart(plain) {
                    if !isOpen { words.append(String.UnicodeScalarView()) }
                    words[words.count - 1].append(plain)
                    (isOpen, hasLetter) = (true, true)
                } else {
                    (isOpen, hasLetter) = (false, false)
                }
            }
        }
        return words.map { FoldedWord($0) }
    }

    private init(_ scalars: String.UnicodeScalarView) {
        own = String(scalars)
        let hasLetter = scalars.contains { $0.properties.isAlphabetic }
        latin = hasLetter ? String(String.UnicodeScalarView(scalars.map(Lookalikes.latin))) : own
        let isCyrillic = scalars.contains { (0x0400...0x052F).contains($0.value) }
        cyrillic = isCyrillic ? String(String.UnicodeScalarView(scalars.map(Lookalikes.cyrillic))) : own
    }

    /// Whether words are one or more phrases of one kind, and nothing else but phrases of a second kind around them.
    ///
    /// The letters of a phrase may stand apart: `S T O P`.
    static func are(_ words: [FoldedWord], oneOf phrases: Phrases, among others: Phrases? = nil) -> Bool {
        // For each place: whether phrases reach it, and whether one of the first kind is among them.
        var reached = [Bool?](repeating: nil, count: words.count + 1)
        reached[0] = false
        for start in words.indices {
            guard let isFound = reached[start] else { continue }
            var joined = ("", "", "")
            for end in words.indices[start...].prefix(longestPhrase) {
                joined.0 += words[end].own
                joined.1 += words[end].latin
                joined.2 += words[end].cyrillic
                let forms = [joined.0, joined.1, joined.2]
                if forms.contains(where: phrases.contains) {
                    reached[end + 1] = true
                } else if let others, forms.contains(where: others.contains) {
                    reached[end + 1] = isFound || reached[end + 1] ?? false
                }
            }
        }
        return reached[words.count] == true
    }

    private static let longestPhrase = 16

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "$@".unicodeScalars.contains(scalar)
    }

    /// Vowel signs and other marks that belong to the letter before them.
    private static func isContinuing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: (0x1160...0x11FF).contains(scalar.value)
        }
    }

    /// Han, Kana and Hangul.
    private static func isSign(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0x2_0000...0x3_FFFF:
            scalar.properties.isAlphabetic
        default: false
        }
    }
}

/// Phrases that are recognised, each stored as one piece.
struct Phrases: Sendable {
    private let exact: Set<String>
    private let squeezed: Set<String>

    init(_ texts: [String]) {
        exact = Set(texts.map { FoldedWord.words(of: $0).map(\.own).joined() })
        squeezed = Set(exact.map(Self.squeeze))
    }

    /// Whether a word is one of them; a letter may be repeated any number of times from three on.
    func contains(_ word: String) -> Bool {
        exact.contains(word) || Self.isStretched(word) && squeezed.contains(Self.squeeze(word))
    }

    private static func isStretched(_ word: String) -> Bool {
        let letters = Array(word)
        return letters.indices.dropFirst(2).contains {
            letters[$0] == letters[$0 - 1] && letters[$0] == letters[$0 - 2]
        }
    }

    private static func squeeze(_ word: String) -> String {
        word.reduce(into: "") { squeezed, letter in if squeezed.last != letter { squeezed.append(letter) } }
    }
}

extension Phrases {
    /// Asking to stop.
    static let stops = Phrases(OptOutLanguage.all.flatMap(\.stop) + OptOutLanguage.signs.map(String.init))
    /// Saying that something that follows is not wanted.
    static let unwillingBefore = Phrases(OptOutLanguage.unwillingBefore)
    /// Saying that something before it is not wanted.
    static let unwillingBehind = Phrases(OptOutLanguage.unwillingBehind)
    /// Names for the end of the messages.
    static let endings = Phrases(OptOutLanguage.endings)
    /// Saying no.
    static let refusals = Phrases(OptOutLanguage.all.flatMap(\.no) + OptOutLanguage.signs.map(String.init))
    /// Asking to start.
    static let starts = Phrases(OptOutLanguage.all.flatMap(\.start))
    /// Polite words that may stand around any of these.
    static let courtesies = Phrases(OptOutLanguage.all.flatMap(\.polite))
    /// The closing of a letter.
    static let closings = Phrases(OptOutLanguage.all.flatMap(\.closing))
}
