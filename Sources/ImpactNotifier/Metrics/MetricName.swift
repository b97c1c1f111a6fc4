/// The grammar of metric and label names: `[a-zA-Z_][a-zA-Z0-9_]*` (the exposition format's, without the colon).
enum MetricName {
    /// `name` with `_` for every character that the grammar does not allow.
    static func sanitized(_ name: String) -> String {
        let safe = String(
            name.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_": Character(scalar)
                default: Character("_")
                }
            }
        )
        guard let first = safe.first, !first.isNumber else { return "_\(safe)" }
        return safe
    }
}
