internal import Logging
internal import Metrics
internal import Network
internal import Outputs
internal import Synchronization

/// The notifications that wait for one local output.
///
/// Those that it does not take are counted and logged; the ledger has the truth.
final class OutputQueue: Sendable {
    /// What happened to notifications that were not handed over, as the text of a log line.
    private enum Trouble: String, CaseIterable {
        case failed = "output failed"
        case overflow = "output lost notifications"
    }

    private struct Account {
        /// How many since the last log line.
        var number = 0
        var detail = ""
        var saidAt: ContinuousClock.Instant?
    }

    private struct State {
        /// Accepted, and not handed over yet.
        var waiting = 0
        var accounts: [Trouble: Account] = [:]
    }

    private let name: String
    private let occasions: Set<OutputConfiguration.Occasion>
    private let channel: any OutputChannel
    private let logger: Logger
    private let notifications: AsyncStream<OutputNotification>
    private let feed: AsyncStream<OutputNotification>.Continuation
    private let state = Mutex(State())

    /// The most notifications that wait; more are lost.
    static let capacity = 1000
    /// The least time between two log lines about the same trouble; each has the number.
    private static let sayingInterval = Duration.seconds(60)

    init(_ name: String, _ occasions: Set<OutputConfiguration.Occasion>, _ channel: any OutputChannel, logger: Logger) {
        self.name = name
        self.occasions = occasions
        self.channel = channel
        self.logger = logger
        (notifications, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
    }

    /// Accepts a notification if the output wants its occasion; never waits.
    func offer(_ notification: OutputNotification) {
        guard occasions.contains(notification.occasion) else { return }
        state.withLock { $0.waiting += 1 }
        guard case .dropped = feed.yield(notification) else { return }
        state.withLock { $0.waiting -= 1 }
        note(.overflow, "the output is too slow")
        say(.overflow)
    }

    /// Feeds the output until ``finish()`` is called and what waits is handed over, or until the task is cancelled.
    func run() async {
        for await notification in notifications {
            // An output may hang in a call that nothing ends; then it is left behind.
            let answer = await Unhurried.answer { [channel] () -> String? in
                do { try await channel.deliver(notification.json) } catch { return "\(error)" }
                return nil
            }
            guard let failure = answer else { break }
            state.withLock { $0.waiting -= 1 }
            if let failure { note(.failed, failure) }
            for trouble in Trouble.allCases { say(trouble) }
        }
        for trouble in Trouble.allCases { say(trouble, atOnce: true) }
        let rest = state.withLock { state in
            defer { state.waiting = 0 }
            return state.waiting
        }
        note(.overflow, "the output did not take them in time before the daemon ended", rest)
        say(.overflow, atOnce: true)
    }

    /// Accepts nothing more.
    func finish() { feed.finish() }

    private func note(_ trouble: Trouble, _ detail: String, _ number: Int = 1) {
        guard number > 0 else { return }
        Counter(label: "impact_notifier_output_failures_total", dimensions: [("output", name)]).increment(by: number)
        state.withLock { state in
            state.accounts[trouble, default: Account()].number += number
            state.accounts[trouble]?.detail = detail
        }
    }

    /// Logs a trouble, unless it was logged a short time ago.
    private func say(_ trouble: Trouble, atOnce: Bool = false) {
        let now = ContinuousClock.now
        let account = state.withLock { state -> Account? in
            guard let account = state.accounts[trouble], account.number > 0,
                atOnce || account.saidAt.map({ now - $0 >= Self.sayingInterval }) ?? true
            else { return nil }
            state.accounts[trouble] = Account(saidAt: now)
            return account
        }
        guard let account else { return }
        logger.warning(
            "\(trouble.rawValue)",
            metadata: [
                "output": "\(name)", "number": .stringConvertible(account.number),
                "detail": "\(account.detail); the ledger has what was lost: impact-notifier jobs list",
            ]
        )
    }
}
