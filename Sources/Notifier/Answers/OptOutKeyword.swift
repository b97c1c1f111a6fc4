/// A request to stop or to start, which an owner can make in many ways and languages; ``OwnerCommand`` has the others.
///
/// A short answer is read as its writer means it: every sentence of it asks for the same, or is polite. A question
/// mark, a “don't”, or a word that is not in the table (``OptOutLanguage``) makes it something else, for a human to
/// read.
enum OptOutKeyword: String, Sendable, Hashable, CaseIterable {
    /// To get no more messages.
    case stop
    /// To get messages again.
    case start

    /// Reads an answer; nil when it asks for neither.
    init?(_ text: String) {
        let own = OwnWords.of(text)
        // A longer answer says more than “stop” or “start”.
        guard own.count <= Self.maximumLength, !own.contains(where: Self.questionMarks.contains) else { return nil }
        // Flags are made of letters. These count only when the text has no other letters.
        let spellsByFlags = !own.unicodeScalars.contains { $0.properties.isAlphabetic }
        let sentences = own.split { $0.isNewline || Self.ends.contains($0) }
            .map { FoldedWord.words(of: String($0), spellsByFlags: spellsByFlags) }.filter { !$0.isEmpty }
        // Joined, because full stops may stand between single letters, and a word may be cut in two.
        let all = Array(sentences.joined())
        // “No” counts only when it is the whole answer: before another word it may reverse that word's meaning.
        if let keyword = FoldedWord.are(all, oneOf: .refusals) ? OptOutKeyword.stop : Self.keyword(in: all) {
            self = keyword
            return
        }
        var found: Set<OptOutKeyword> = []
        for (index, sentence) in sentences.enumerated() where index == 0 || !OwnWords.isOfDevice(sentence) {
            if let keyword = Self.keyword(in: sentence) {
                found.insert(keyword)
            } else if ![Phrases.courtesies, .refusals].contains(where: { FoldedWord.are(sentence, oneOf: $0) }) {
                return nil
            }
        }
        guard found.count == 1, let keyword = found.first else { return nil }
        self = keyword
    }

    private static func keyword(in words: [FoldedWord]) -> OptOutKeyword? {
        if FoldedWord.are(words, oneOf: .stops, among: .courtesies) { return isContrary(words) ? nil : .stop }
        return FoldedWord.are(words, oneOf: .starts, among: .courtesies) ? .start : nil
    }

    /// Whether two phrases that each ask to stop together say the contrary: that the end of the messages is not wanted.
    private static func isContrary(_ words: [FoldedWord]) -> Bool {
        func are(_ words: ArraySlice<FoldedWord>, _ phrases: Phrases) -> Bool {
            FoldedWord.are(Array(words), oneOf: phrases, among: .courtesies)
        }
        guard words.count <= longestContrary else { return false }
        return words.indices.dropFirst().contains { place in
            let (first, second) = (words[..<place], words[place...])
            return are(first, .unwillingBefore) && are(second, .endings)
                || are(second, .unwillingBehind) && are(first, .endings)
        }
    }

    /// The most characters of an answer that is read, without quoted text and signature.
    static let maximumLength = 300
    /// The most words in which two phrases are looked for.
    private static let longestContrary = 24
    /// The ends of questions.
    static let questionMarks: Set<Character> = ["?", "？", "؟", "¿", "⁇", "⁈", "⁉", "⁉️", "‽", "❓", "❔"]
    private static let ends: Set<Character> = [
        ".", "!", "‼", "‼️", "❗", "❗️", ",", ";", ":", "…", "¡", "。", "．", "！", "，", "、", "；", "：", "।", "؛", "،",
    ]
}
