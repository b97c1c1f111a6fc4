/// What somebody may have meant by a word that is not known.
enum Suggestion {
    /// The clause that says so, as “there is no state “quewed”; did you mean “queued”?”.
    ///
    /// - Parameters:
    ///   - word: what was written.
    ///   - kind: what it should name: `state`.
    ///   - known: the words that there are.
    ///   - place: where they are listed; nil for here, as they are few.
    /// - Returns: a clause, and what can be written instead.
    static func objection(to word: String, as kind: String, among known: [String], listedBy place: String? = nil)
        -> String
    {
        let objection = "there is no \(kind) '\(word)'"
        if let nearest = EditDistance.nearest(to: word, in: Set(known)) {
            return "\(objection); did you mean '\(nearest)'?"
        }
        return "\(objection); \(place ?? "there are \(known.joined(separator: ", "))")"
    }
}
