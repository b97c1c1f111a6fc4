internal import Glibc

/// A moment on the clock of `ContinuousClock` (`CLOCK_BOOTTIME`), as a plain number.
///
/// The runtime keeps the layout and the arithmetic of `ContinuousClock.Instant` to itself. Asking it a dozen times a turn
/// made a turn of the reader's loop 1,400 instructions longer, which is what a live message costs beside TLS.
struct MonotonicTime: Comparable, Sendable {
    /// Nanoseconds since an arbitrary beginning.
    private let nanoseconds: Int64

    /// This moment.
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
        /// The longest that is told apart from for ever, about a century: the sum with a moment must not overflow.
        private static let longest: Int64 = 100 * 366 * 86_400

        fileprivate let nanoseconds: Int64

        /// A duration, cut off below zero and above a century.
        init(_ duration: Duration) {
            let (seconds, attoseconds) = duration.components
            let isNegative = seconds < 0 || attoseconds < 0
            nanoseconds =
                isNegative ? 0 : min(seconds, Self.longest) * 1_000_000_000 + attoseconds / 1_000_000_000
        }

        static func < (one: Span, other: Span) -> Bool { one.nanoseconds < other.nanoseconds }
    }
}
