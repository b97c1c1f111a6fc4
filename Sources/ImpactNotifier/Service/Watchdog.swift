internal import Logging
internal import Synchronization

/// Tells the service manager that the daemon makes progress, and is silent when it does not.
///
/// A timer that tells the manager "alive" only proves that a timer runs. So a part that could hang is asked again and
/// again, and its silence is enough for a restart: after `WatchdogSec` systemd aborts and restarts the process, which
/// invariants 1 to 3 make harmless.
final class Watchdog: Sendable {
    private let part: String
    private let limit: Duration
    private let interval: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    private let ask: @Sendable () async -> Void
    private let report: @Sendable () -> Void
    private let answeredAt: Mutex<ContinuousClock.Instant>

    /// A watchdog over one part.
    ///
    /// - Parameters:
    ///   - part: the name in the log.
    ///   - limit: the longest time from one answer to the next.
    ///   - interval: the time between two reports; a third of what the manager allows, so that two may be late.
    ///   - now: the clock.
    ///   - logger: is told when the part hangs, and when it answers again.
    ///   - ask: returns when the part has answered.
    ///   - report: called in each interval while the part is not overdue.
    init(
        over part: String,
        limit: Duration,
        interval: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        logger: Logger,
        ask: @escaping @Sendable () async -> Void,
        report: @escaping @Sendable () -> Void
    ) {
        self.part = part
        self.limit = limit
        self.interval = interval
        self.now = now
        self.logger = logger
        self.ask = ask
        self.report = report
        answeredAt = Mutex(now())
    }

    /// Whether the last answer is too long ago.
    var isOverdue: Bool { answeredAt.withLock { $0 } + limit < now() }

    /// Watches until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                while !Task.isCancelled {
                    await ask()
                    answeredAt.withLock { $0 = now() }
                    try? await ContinuousClock().sleep(for: interval)
                }
            }
            var wasOverdue = false
            while !Task.isCancelled {
                let isOverdue = isOverdue
                if isOverdue != wasOverdue { note(isOverdue) }
                wasOverdue = isOverdue
                if !isOverdue { report() }
                try? await ContinuousClock().sleep(for: interval)
            }
            group.cancelAll()
        }
    }

    private func note(_ isOverdue: Bool) {
        if isOverdue {
            logger.error(
                "a part of the daemon makes no progress; systemd restarts the daemon if that lasts",
                metadata: ["parts": "\(part)"]
            )
        } else {
            logger.notice("all parts of the daemon make progress again")
        }
    }
}
