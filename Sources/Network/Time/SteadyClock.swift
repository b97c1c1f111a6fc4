/// The date at the start and the time since, however the machine's clock is set: what waits are measured by.
///
/// The time during which the machine is suspended counts.
public struct SteadyClock: WallClock {
    private let start: UnixTime
    private let origin = ContinuousClock.now

    /// A clock that shows the time of another now, and goes on by itself.
    public init(at clock: any WallClock = SystemClock()) { start = clock.now() }

    /// The time at the start, and what passed since.
    public func now() -> UnixTime { start + (ContinuousClock.now - origin) }
}
