/// What an unknown word may have been meant to be.
enum Suggestion {
    /// The clause that says so: “there is no state “quewed”; did you mean “queued”?”.
    ///
    /// - Parameters:
    ///   - word: what was written.
    ///   - kind: what it should name, such as `state`.
    ///   - known: the known words.
    ///   - place: where the known words are listed; nil to list them in the clause, because they are few.
    /// - Returns: a clause that says what can be written instead.
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
