public import Network
import Synchronization

/// A date that only tests move.
public final class ManualClock: WallClock {
    private let time: Mutex<UnixTime>

    /// Begins at a date in Unix seconds.
    public init(_ start: Double = 1_790_000_000) { time = Mutex(UnixTime(seconds: start)) }

    /// The date.
    public func now() -> UnixTime { time.withLock { $0 } }

    /// Lets time pass, in seconds.
    public func advance(_ seconds: Double) { time.withLock { $0 += .seconds(seconds) } }
}
