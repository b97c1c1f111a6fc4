import Network
import Synchronization

/// Time that passes only when somebody waits for it: date and sleeps of a test in one.
final class LeapingClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
    }

    /// The date by this clock.
    struct Dates: WallClock {
        let clock: LeapingClock
        /// How wrong it is, in seconds.
        var skew: Double = 0

        func now() -> UnixTime { UnixTime(seconds: LeapingClock.start + skew) + clock.now.offset }
    }

    static let start: Double = 1_800_000_000
    private let offset = Mutex(Duration.zero)

    var now: Instant { Instant(offset: offset.withLock { $0 }) }
    var minimumResolution: Duration { .nanoseconds(1) }
    var dates: Dates { Dates(clock: self) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        offset.withLock { $0 = max($0, deadline.offset) }
        await Task.yield()
    }

    func advance(_ seconds: Double) { offset.withLock { $0 += .seconds(seconds) } }
}
