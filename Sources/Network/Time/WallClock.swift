internal import CLinux
internal import Glibc

/// What tells the date.
///
/// Passed in wherever a decision depends on the date, so that tests can travel in time.
public protocol WallClock: Sendable {
    /// The time now.
    func now() -> UnixTime
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    /// The machine's clock.
    public init() {}

    /// The time now, the rest of a microsecond cut off.
    public func now() -> UnixTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000)
    }
}
