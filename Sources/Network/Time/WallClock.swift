internal import CLinux
internal import Glibc

/// Tells the current date and time.
///
/// It is passed in wherever a decision depends on the date, so that tests can set it.
public protocol WallClock: Sendable {
    /// The current time.
    func now() -> UnixTime
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    /// The machine's clock.
    public init() {}

    /// The current time, truncated to the microsecond.
    public func now() -> UnixTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000)
    }
}
