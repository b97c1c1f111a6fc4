public import Network
import Synchronization

/// A date that only tests move.
public final class ManualClock: WallClock {
    private let time: Mutex<UnixTime>

    /// Begins at a date.
    public init(_ start: UnixTime = 1_790_000_000) { time = Mutex(start) }

    /// The date.
    public func now() -> UnixTime { time.withLock { $0 } }

    /// Lets time pass.
    public func advance(_ span: Duration) { time.withLock { $0 += span } }
}
