/// What an owner can say to the sender in many ways and languages; what else they can say is ``OwnerCommand``.
///
/// A short answer is read as its writer means it: every sentence of it asks for the same, or is a polite word. A question, a
/// “don't”, or a word that is not in the table (``OptOutLanguage``) makes it something else, which only a human understands.
enum OptOutKeyword: String, Sendable, Hashable, CaseIterable {
    /// To get no more messages.
    case stop
    /// To get messages again.
    case start

    /// Reads an answer; nil for one that asks for neither.
    init?(_ text: String) {
        let own = OwnWords.of(text)
        // Who has more to say says more than that.
        guard own.count <= Self.maximumLength, !own.contains(where: Self.questionMarks.contains) else { return nil }
        // Flags are made of letters, which spell something only where nothing else does.
        let spellsByFlags = !own.unicodeScalars.contains { $0.properties.isAlphabetic }
        let sentences = own.split { $0.isNewline || Self.ends.contains($0) }
            .map { FoldedWord.words(of: String($0), spellsByFlags: spellsByFlags) }.filter { !$0.isEmpty }
        // Letters with full stops between them, and a word that is cut in two, are whole only together.
        let all = Array(sentences.joined())
        // “No” is an answer where it is all that is said: before another word it may turn that into its contrary.
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

    /// Whether it is the end of the messages that is not wanted: two phrases, each of which asks to stop by itself.
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

    /// Characters of an answer, quoted text and signature not counted, from which on it is read by nobody.
    static let maximumLength = 300
    /// Words of which two phrases are, at the most.
    private static let longestContrary = 24
    /// What a question ends with.
    static let questionMarks: Set<Character> = ["?", "？", "؟", "¿", "⁇", "⁈", "⁉", "⁉️", "‽", "❓", "❔"]
    private static let ends: Set<Character> = [
        ".", "!", "‼", "‼️", "❗", "❗️", ",", ";", ":", "…", "¡", "。", "．", "！", "，", "、", "；", "：", "।", "؛", "،",
    ]
}
