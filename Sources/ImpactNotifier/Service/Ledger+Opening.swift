internal import Logging
internal import Notifier
internal import Synchronization

/// How daemon and commands open the ledger, and what they tell when one of the version before takes its time.
extension Ledger {
    /// Opens the ledger for the daemon; log and service manager learn how it is carried over to this version.
    static func forDaemon(
        in directory: String,
        manager: ServiceManager,
        logger: Logger
    ) async throws(LedgerError) -> Ledger {
        let start = ContinuousClock.now
        let pace = NewsPace(every: .seconds(5), from: start)
        return try await open(directory: directory, access: .daemon, version: BuildInformation.version) { news in
            let (done, rows): (Int, Int)
            switch news {
            case .begun(let count):
                logger.notice("the ledger is being carried over to this version", metadata: ["rows": "\(count)"])
                (done, rows) = (0, count)
            case .carried(let count, of: let all):
                guard pace.isDue() else { return }
                logger.notice("carrying the ledger over", metadata: ["done": "\(count)", "of": "\(all)"])
                (done, rows) = (count, all)
            case .finished:
                let seconds = (ContinuousClock.now - start).components.seconds
                logger.notice("the ledger is carried over", metadata: ["seconds": "\(seconds)"])
                return
            }
            // The longest step between two pieces of news is one index, which takes seconds for a million rows.
            manager.startsLater(
                within: .seconds(600),
                status: "Carrying the ledger over to this version: \(done) of \(rows)."
            )
        }
    }

    /// Opens the ledger for a command; standard error gets a line when it takes longer than a moment.
    static func forCommand(in directory: String) async throws(LedgerError) -> Ledger {
        let pace = NewsPace(every: .seconds(5), from: .now - .seconds(3))
        return try await open(directory: directory, access: .command, version: BuildInformation.version) { news in
            guard case .carried(let done, of: let rows) = news, pace.isDue() else { return }
            StandardOutput.printError("The ledger is being carried over to this version: \(done) of \(rows).")
        }
    }
}

/// Lets news through, but not more often than is of use.
private final class NewsPace: Sendable {
    private let interval: Duration
    private let last: Mutex<ContinuousClock.Instant>

    init(every interval: Duration, from start: ContinuousClock.Instant) {
        self.interval = interval
        last = Mutex(start)
    }

    func isDue() -> Bool {
        last.withLock { last in
            let now = ContinuousClock.now
            guard last.duration(to: now) >= interval else { return false }
            last = now
            return true
        }
    }
}
