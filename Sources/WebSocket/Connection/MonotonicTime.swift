internal import Glibc

/// A moment on the clock of `ContinuousClock` (`CLOCK_BOOTTIME`), as a plain number.
///
/// The runtime does not expose the layout and arithmetic of `ContinuousClock.Instant`, so every use is a call. A dozen
/// calls per turn of the reader's loop cost 1,400 instructions, as much as a live message costs besides TLS.
struct MonotonicTime: Comparable, Sendable {
    /// Nanoseconds since an arbitrary beginning.
    private let nanoseconds: Int64

    static var now: MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Whole milliseconds until a later moment, rounded up, never negative.
    func milliseconds(until end: MonotonicTime) -> Int32 {
        let rest = end.nanoseconds - nanoseconds
        return rest > 0 ? Int32(clamping: (rest + 999_999) / 1_000_000) : 0
    }

    static func + (time: MonotonicTime, span: Span) -> MonotonicTime {
        MonotonicTime(nanoseconds: time.nanoseconds + span.nanoseconds)
    }

    static func < (one: MonotonicTime, other: MonotonicTime) -> Bool { one.nanoseconds < other.nanoseconds }

    /// A duration as a plain number.
    struct Span: Comparable, Sendable {
        /// About a century, which longer spans are cut to: adding a span to a moment must not overflow.
        private static let longest: Int64 = 100 * 366 * 86_400

        fileprivate let nanoseconds: Int64

        /// Converts a duration; less than zero becomes zero, more than a century becomes a century.
        init(_ duration: Duration) {
            let (seconds, attoseconds) = duration.components
            let isNegative = seconds < 0 || attoseconds < 0
            nanoseconds =
                isNegative ? 0 : min(seconds, Self.longest) * 1_000_000_000 + attoseconds / 1_000_000_000
        }

        static func < (one: Span, other: Span) -> Bool { one.nanoseconds < other.nanoseconds }
    }
}
