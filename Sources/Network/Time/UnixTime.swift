/// A moment in UTC: microseconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic ends at ``distantPast`` and ``distantFuture`` and never traps: dates come from servers and from files.
public struct UnixTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Microseconds since the Unix epoch.
    public let microseconds: Int64

    /// Before every other moment.
    public static let distantPast = UnixTime(microseconds: .min)
    /// After every other moment.
    public static let distantFuture = UnixTime(microseconds: .max)

    /// The moment that is so many microseconds after the epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The moment that is so many seconds after the epoch, to the nearest microsecond.
    ///
    /// What ``seconds`` gave comes back as the same moment until 2106. A number that is too large becomes the
    /// nearest moment, what is not a number the epoch.
    public init(seconds: Double) {
        let number = (seconds * 1e6).rounded()
        microseconds = number.isNaN ? 0 : Int64(exactly: number) ?? (number < 0 ? .min : .max)
    }

    /// Seconds since the Unix epoch, as files, databases and metrics have them.
    public var seconds: Double { Double(microseconds) / 1e6 }

    /// `2026-11-22T19:30:00Z` (RFC 3339), the fraction cut off.
    public var description: String { CalendarDate(self).timestamp }

    /// Whether a moment comes before another.
    public static func < (first: UnixTime, second: UnixTime) -> Bool { first.microseconds < second.microseconds }

    /// The moment a span of time later.
    public static func + (time: UnixTime, span: Duration) -> UnixTime {
        let span = span.microseconds
        let (sum, isTooFar) = time.microseconds.addingReportingOverflow(span)
        return isTooFar ? (span < 0 ? distantPast : distantFuture) : UnixTime(microseconds: sum)
    }

    /// The moment a span of time earlier.
    public static func - (time: UnixTime, span: Duration) -> UnixTime { time + (.zero - span) }

    /// The time that passes from the second moment to the first; negative when the first comes before.
    public static func - (end: UnixTime, start: UnixTime) -> Duration {
        .microseconds(end.microseconds) - .microseconds(start.microseconds)
    }

    /// Moves a moment.
    public static func += (time: inout UnixTime, span: Duration) { time = time + span }
}

extension Duration {
    /// To the nearest microsecond, or to the nearest number that there is.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let half: Int64 = attoseconds < 0 ? -500_000_000_000 : 500_000_000_000
        let (sum, isBeyond) = whole.addingReportingOverflow((attoseconds + half) / 1_000_000_000_000)
        return isTooLarge || isBeyond ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds with a fraction, as other programs read them.
    public var inSeconds: Double { self / .seconds(1) }

    /// Seconds as people read them, the rest cut off.
    public var wholeSeconds: Int { Int(components.seconds) }
}
