internal import Synchronization

/// The parts of the daemon that must make progress, each with its own limit.
///
/// A timer that tells the service manager "alive" only proves that a timer runs. Here every part that could hang
/// reports itself, and the silence of one is enough for a restart.
final class Heartbeats: Sendable {
    private struct Entry {
        var limit: Duration
        var due: ContinuousClock.Instant?
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    /// No parts yet; the clock can be replaced in tests.
    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
        self.now = now
    }

    /// Expects a part to report at least once in every `limit`, from now on.
    func expect(_ name: String, every limit: Duration) -> Heartbeat {
        entries.withLock { $0[name] = Entry(limit: limit, due: now() + limit) }
        return Heartbeat(name: name, owner: self)
    }

    /// Names of the parts that are overdue, in order.
    func overdue() -> [String] {
        let now = now()
        return entries.withLock { entries in
            entries.filter { entry in entry.value.due.map { $0 < now } ?? false }.keys.sorted()
        }
    }

    fileprivate func reset(_ name: String, resting: Bool) {
        let now = now()
        entries.withLock { entries in
            guard let limit = entries[name]?.limit else { return }
            entries[name]?.due = resting ? nil : now + limit
        }
    }
}

/// Lets one part report; cheap, and usable from any thread.
struct Heartbeat: Sendable {
    fileprivate let name: String
    fileprivate let owner: Heartbeats

    /// Progress was made.
    func beat() { owner.reset(name, resting: false) }

    /// There is nothing to do, or the part has ended: silence is right until the next ``beat()``.
    func rest() { owner.reset(name, resting: true) }
}
