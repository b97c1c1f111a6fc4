internal import Logging
internal import Metrics
internal import Network
internal import Outputs
internal import Synchronization

/// What waits for one local output.
///
/// What it does not take is counted and said: the ledger holds the truth.
final class OutputQueue: Sendable {
    /// What becomes of a notification that is not handed over, by the words of its line.
    private enum Trouble: String, CaseIterable {
        case failed = "output failed"
        case overflow = "output lost notifications"
    }

    private struct Account {
        /// Since it was last said.
        var number = 0
        var detail = ""
        var saidAt: ContinuousClock.Instant?
    }

    private struct State {
        /// Taken, and not handed over.
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

    /// Notifications that may wait; more are lost.
    static let capacity = 1000
    /// The same trouble is said once in this time, with the number.
    private static let sayingInterval = Duration.seconds(60)

    init(
        _ name: String,
        _ occasions: Set<OutputConfiguration.Occasion>,
        _ channel: any OutputChannel,
        logger: Logger
    ) {
        self.name = name
        self.occasions = occasions
        self.channel = channel
        self.logger = logger
        (notifications, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
    }

    /// Takes a notification if it is one that the output is told; never waits.
    func offer(_ notification: OutputNotification) {
        guard occasions.contains(notification.occasion) else { return }
        state.withLock { $0.waiting += 1 }
        guard case .dropped = feed.yield(notification) else { return }
        state.withLock { $0.waiting -= 1 }
        note(.overflow, "the output is too slow")
        say(.overflow)
    }

    /// Feeds the output until ``finish()`` and what waits then is handed over, or the task is cancelled.
    func run() async {
        for await notification in notifications {
            // An output may hang in a call that nothing ends: then it is left behind.
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

    /// Takes nothing more.
    func finish() { feed.finish() }

    private func note(_ trouble: Trouble, _ detail: String, _ number: Int = 1) {
        guard number > 0 else { return }
        Counter(label: "impact_notifier_output_failures_total", dimensions: [("output", name)]).increment(by: number)
        state.withLock { state in
            state.accounts[trouble, default: Account()].number += number
            state.accounts[trouble]?.detail = detail
        }
    }

    /// Says what was noted, unless the same was said a short time ago.
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
