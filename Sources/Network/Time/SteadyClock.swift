/// The start time plus the time that has passed since, unaffected by changes of the machine's clock.
///
/// Waits are measured by it. The time during which the machine is suspended counts.
public struct SteadyClock: WallClock {
    private let start: UnixTime
    private let origin = ContinuousClock.now

    /// A clock that starts with the current time of another clock.
    public init(at clock: any WallClock = SystemClock()) { start = clock.now() }

    /// The start time plus the time that has passed.
    public func now() -> UnixTime { start + (ContinuousClock.now - origin) }
}
