/// A clock on which a sleep takes a hundredth of its time: real concurrency without real patience.
public struct HurriedClock: Clock {
    private let clock = ContinuousClock()

    /// A hurried clock.
    public init() {}

    /// The real moment.
    public var now: ContinuousClock.Instant { clock.now }
    /// That of the real clock.
    public var minimumResolution: Duration { clock.minimumResolution }

    /// Sleeps for a hundredth of the time that is left.
    public func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        try await clock.sleep(for: (deadline - clock.now) / 100)
    }
}
