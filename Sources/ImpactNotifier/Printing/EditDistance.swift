/// The distance between two words, to guess what a misspelt key was meant to be.
enum EditDistance {
    /// The nearest known word, if it is near enough.
    static func nearest(to word: String, in known: Set<String>) -> String? {
        let candidates = known.map { (word: $0, distance: between(word, $0)) }
        let best = candidates.min { ($0.distance, $0.word) < ($1.distance, $1.word) }
        guard let best, best.distance <= max(1, word.count / 3) else { return nil }
        return best.word
    }

    /// The number of insertions, deletions and replacements that turn one word into the other (Levenshtein).
    static func between(_ one: String, _ other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (i, character) in one.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, candidate) in other.enumerated() {
                let replaced = diagonal + (character == candidate ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
