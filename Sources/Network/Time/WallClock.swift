internal import CLinux
internal import Glibc

/// Seconds since 1970-01-01T00:00:00Z, with a fraction.
///
/// Passed in wherever a decision depends on the date, so that tests can travel in time.
public protocol WallClock: Sendable {
    /// The time now, in seconds since the Unix epoch.
    func now() -> Double
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    /// The machine's clock.
    public init() {}

    /// The time now, in seconds since the Unix epoch.
    public func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
