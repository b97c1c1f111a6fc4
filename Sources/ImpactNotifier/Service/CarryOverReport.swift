internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier
internal import Synchronization

/// Tells the log and the service manager how far the carry-over of an older ledger is; it may take minutes.
struct CarryOverReport: Sendable {
    private let manager: ServiceManager
    private let logger: Logger
    private let pace: Pace
    private let start = ContinuousClock.now

    init(manager: ServiceManager, logger: Logger, pace: Pace = Pace()) {
        self.manager = manager
        self.logger = logger
        self.pace = pace
    }

    func tell(_ news: LedgerCarryOver.Progress) {
        switch news {
        case .begun(let rows):
            logger.notice(
                "the ledger is being carried over to this version",
                metadata: ["rows": .stringConvertible(rows)]
            )
            askForPatience(0, of: rows)
        case .carried(let done, of: let rows):
            guard pace.isDue() else { return }
            logger.notice(
                "carrying the ledger over",
                metadata: ["done": .stringConvertible(done), "of": .stringConvertible(rows)]
            )
            askForPatience(done, of: rows)
        case .finished:
            let seconds = (ContinuousClock.now - start).wholeSeconds
            logger.notice("the ledger is carried over", metadata: ["seconds": .stringConvertible(seconds)])
        }
    }

    /// Asks for more time; the longest step without a report makes one index: seconds for a million rows.
    private func askForPatience(_ done: Int, of rows: Int) {
        manager.startsLater(
            within: .seconds(600),
            status: "Carrying the ledger over to this version: \(done) of \(rows) rows."
        )
    }
}

extension CarryOverReport {
    /// Lets reports through, but not too often.
    final class Pace: Sendable {
        private let interval: Duration
        private let next: Mutex<ContinuousClock.Instant>

        init(first: Duration = .seconds(5), every interval: Duration = .seconds(5)) {
            self.interval = interval
            next = Mutex(.now + first)
        }

        func isDue() -> Bool {
            next.withLock { next in
                let now = ContinuousClock.now
                guard now >= next else { return false }
                next = now + interval
                return true
            }
        }
    }
}
