public import Network
internal import Synchronization

/// The network's own time: the machine's, moved by as much as a test asks for.
public final class SandboxClock: WallClock {
    private let offset = Mutex(Duration.zero)
    private let last = Mutex<UInt64>(0)

    init() {}

    /// The time now.
    public func now() -> UnixTime { SystemClock().now() + offset.withLock(\.self) }

    /// Moves the time of every server, forwards or backwards.
    public func advance(by duration: Duration) { offset.withLock { $0 += duration } }

    /// Microseconds since the epoch, each value given once, in ascending order.
    func uniqueMicroseconds() -> UInt64 {
        let now = UInt64(max(0, self.now().microseconds))
        return last.withLock { last in
            last = max(last + 1, now)
            return last
        }
    }

    /// `2026-11-22T19:30:34.123456Z` of a time.
    static func text(microseconds: UInt64) -> String {
        let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
        return "\(UnixTime(microseconds: Int64(microseconds)).description.dropLast()).\(fraction)Z"
    }
}
