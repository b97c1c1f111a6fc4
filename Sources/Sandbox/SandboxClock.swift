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

    /// `2026-11-22T19:30:34.123456Z` of a time, by the civil calendar (Howard Hinnant's days algorithm).
    static func text(microseconds: UInt64) -> String {
        let seconds = Int(microseconds / 1_000_000)
        let shifted = seconds / 86_400 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date)T\(time).\(padded(Int(microseconds % 1_000_000), 6))Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
