internal import Network

/// Dates as logs and status pages show them.
enum Timestamp {
    /// A time as RFC 3339 has it, in UTC and with milliseconds: `2026-11-22T19:30:00.123Z`.
    ///
    /// `time` is in seconds since the Unix epoch.
    static func rfc3339(_ time: Double) -> String {
        let milliseconds = (time * 1000).rounded(.down)
        let seconds = (milliseconds / 1000).rounded(.down)
        let fraction = String(1000 + Int(milliseconds - seconds * 1000)).dropFirst()
        return "\(CalendarDate(seconds).timestamp.dropLast()).\(fraction)Z"
    }
}
