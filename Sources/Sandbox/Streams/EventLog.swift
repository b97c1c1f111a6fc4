internal import ATProtocol
internal import CLinux
internal import Glibc
internal import Network
internal import Synchronization

/// What a stream host remembers, in order, and the wake-up of those who follow it.
final class EventLog: Sendable {
    private struct State {
        var events: [LoggedEvent] = []
        var next: Int64
        /// Positions below are no longer served.
        var floor: Int64
        var listeners: Set<Int32> = []
    }

    private let state: Mutex<State>
    private let clock: SandboxClock

    init(first: Int64, clock: SandboxClock) {
        state = Mutex(State(next: first, floor: first))
        self.clock = clock
    }

    /// Appends events that are taken in in one moment; `skipped` numbers are left out before them.
    func append(_ events: [(did: DID, content: LoggedEvent.Content)], skipping skipped: Int64 = 0) {
        guard !events.isEmpty else { return }
        state.withLock { state in
            state.next += skipped
            let time = clock.uniqueMicroseconds()
            for (did, content) in events {
                state.events.append(LoggedEvent(sequence: state.next, microseconds: time, did: did, content: content))
                state.next += 1
            }
            for listener in state.listeners { Self.wake(listener) }
        }
    }

    /// Everything that is kept.
    var all: [LoggedEvent] { state.withLock(\.events) }

    var next: Int64 { state.withLock(\.next) }
    var floor: Int64 { state.withLock(\.floor) }

    /// Forgets what is older than the newest `count` events.
    func forget(allBut count: Int) {
        state.withLock { state in
            state.events = Array(state.events.suffix(count))
            state.floor = state.events.first?.sequence ?? state.next
        }
    }

    /// Forgets what is older than so many microseconds.
    func forget(olderThan age: UInt64) {
        state.withLock { state in
            let now = UInt64(max(0, clock.now().microseconds))
            state.events.removeAll { $0.microseconds + age < now }
            state.floor = state.events.first?.sequence ?? state.next
        }
    }

    /// Loses the newest events, whose numbers are given to others.
    func lose(newest count: Int) -> [LoggedEvent] {
        state.withLock { state in
            let lost = Array(state.events.suffix(count))
            state.events.removeLast(lost.count)
            state.next = lost.first?.sequence ?? state.next
            return lost
        }
    }

    /// Gives other numbers to the same events, as a host does that was restored from a backup.
    func renumber(from first: Int64) {
        state.withLock { state in
            state.events = state.events.enumerated().map { index, event in
                LoggedEvent(
                    sequence: first + Int64(index),
                    microseconds: event.microseconds,
                    did: event.did,
                    content: event.content
                )
            }
            state.next = first + Int64(state.events.count)
            state.floor = first
        }
    }

    /// The first position at or after a time.
    func position(at microseconds: UInt64) -> Int64 {
        state.withLock { state in state.events.first { $0.microseconds >= microseconds }?.sequence ?? state.next }
    }

    /// The time of the oldest event that is kept.
    var oldest: UInt64? { state.withLock { $0.events.first?.microseconds } }

    /// Up to `limit` events from a position on; nil when some of them are forgotten.
    func events(from position: Int64, limit: Int) -> ArraySlice<LoggedEvent>? {
        state.withLock { state in
            guard position >= state.floor else { return nil }
            let start = state.events.partitioningIndex { $0.sequence >= position }
            return state.events[start...].prefix(limit)
        }
    }

    /// A descriptor that becomes readable with every event; give it back to ``unsubscribe(_:)``.
    func subscribe() -> Int32 {
        let listener = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        state.withLock { _ = $0.listeners.insert(listener) }
        return listener
    }

    func unsubscribe(_ listener: Int32) {
        state.withLock { _ = $0.listeners.remove(listener) }
        _ = close(listener)
    }

    /// Makes a descriptor of ``subscribe()`` readable.
    static func wake(_ listener: Int32) {
        var one: UInt64 = 1
        _ = unsafe write(listener, &one, 8)
    }

    /// Makes it unreadable again.
    static func drain(_ listener: Int32) {
        var count: UInt64 = 0
        _ = unsafe read(listener, &count, 8)
    }
}

extension Array {
    /// The first index whose element satisfies the predicate, in an array that is sorted by it.
    func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
