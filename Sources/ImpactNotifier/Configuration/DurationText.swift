/// Durations as operators write them: a whole number and `ms`, `s`, `m`, `h` or `d`.
enum DurationText {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Parses a duration; nil when the text is none.
    ///
    /// `0` needs no unit.
    static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), number < 1_000_000_000,
            let unit = units.first(where: { $0.suffix == text.dropFirst(digits.count) })
        else { return nil }
        return .milliseconds(number * unit.milliseconds)
    }

    /// The shortest text that parses to the duration, to the millisecond.
    static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let total = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        guard total != 0, let unit = units.last(where: { total % $0.milliseconds == 0 }) else { return "0" }
        return "\(total / unit.milliseconds)\(unit.suffix)"
    }
}
