internal import Network

/// Dates as in logs and on status pages.
enum Timestamp {
    /// A time as RFC 3339 has it, in UTC and with milliseconds: `2026-11-22T19:30:00.123Z`.
    static func rfc3339(_ time: UnixTime) -> String {
        let rest = time.microseconds % 1_000_000
        let fraction = String(1000 + (rest < 0 ? rest + 1_000_000 : rest) / 1000).dropFirst()
        return "\(time.description.dropLast()).\(fraction)Z"
    }
}
