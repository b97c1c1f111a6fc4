/// A moment in UTC: microseconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates at ``distantPast`` and ``distantFuture`` and never traps, because dates come from servers and
/// files.
public struct UnixTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Microseconds since the Unix epoch.
    public let microseconds: Int64

    /// The earliest moment.
    public static let distantPast = UnixTime(microseconds: .min)
    /// The latest moment.
    public static let distantFuture = UnixTime(microseconds: .max)

    /// The moment this many microseconds after the epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The moment this many seconds after the epoch, rounded to the microsecond.
    ///
    /// A value of ``seconds`` gives back the same moment until 2106. A number out of range becomes the nearest moment,
    /// NaN the epoch.
    public init(seconds: Double) {
        let number = (seconds * 1e6).rounded()
        microseconds = number.isNaN ? 0 : Int64(exactly: number) ?? (number < 0 ? .min : .max)
    }

    /// Seconds since the Unix epoch, for files, databases and metrics.
    public var seconds: Double { Double(microseconds) / 1e6 }

    /// `2026-11-22T19:30:00Z` (RFC 3339), without the fraction of a second.
    public var description: String { CalendarDate(self).timestamp }

    /// Whether the first moment is earlier.
    public static func < (first: UnixTime, second: UnixTime) -> Bool { first.microseconds < second.microseconds }

    /// The moment later by a duration.
    public static func + (time: UnixTime, span: Duration) -> UnixTime {
        let span = span.microseconds
        let (sum, isTooFar) = time.microseconds.addingReportingOverflow(span)
        return isTooFar ? (span < 0 ? distantPast : distantFuture) : UnixTime(microseconds: sum)
    }

    /// The moment earlier by a duration.
    public static func - (time: UnixTime, span: Duration) -> UnixTime { time + (.zero - span) }

    /// The duration from the second moment to the first; negative when the first is earlier.
    public static func - (end: UnixTime, start: UnixTime) -> Duration {
        .microseconds(end.microseconds) - .microseconds(start.microseconds)
    }

    /// Moves a moment by a duration.
    public static func += (time: inout UnixTime, span: Duration) { time = time + span }
}

extension Duration {
    /// Rounded to the microsecond, and clamped to the range of `Int64`.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let half: Int64 = attoseconds < 0 ? -500_000_000_000 : 500_000_000_000
        let (sum, isBeyond) = whole.addingReportingOverflow((attoseconds + half) / 1_000_000_000_000)
        return isTooLarge || isBeyond ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds with a fraction, for other programs.
    public var inSeconds: Double { self / .seconds(1) }

    /// Whole seconds for people, without the fraction.
    public var wholeSeconds: Int { Int(components.seconds) }
}
