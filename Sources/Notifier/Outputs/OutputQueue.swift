internal import Logging
internal import Metrics
internal import Network
internal import Outputs
internal import Synchronization

/// What waits for one local output.
///
/// What it does not take is counted and said: the ledger holds the truth.
final class OutputQueue: Sendable {
    private struct State {
        /// Taken, and not handed over.
        var waiting = 0
        /// Not taken since that was last said.
        var lost = 0
        var saidAt: ContinuousClock.Instant?
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
    /// That some are lost is said once in this time.
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
        lose(1, "it does not keep up", now: .now)
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
            guard let failure else { continue }
            count(1)
            logger.warning("output failed", metadata: ["output": "\(name)", "detail": "\(failure)"])
        }
        let rest = state.withLock { state in
            defer { state.waiting = 0 }
            return state.waiting
        }
        lose(rest, "it did not take them in time before the end", now: nil)
    }

    /// Takes nothing more.
    func finish() { feed.finish() }

    /// Counts what is lost, and says it: at once without a time, else once in a while.
    private func lose(_ number: Int, _ why: String, now: ContinuousClock.Instant?) {
        count(number)
        let lost = state.withLock { state -> Int in
            state.lost += number
            if let now, let saidAt = state.saidAt, now - saidAt < Self.sayingInterval { return 0 }
            defer { (state.lost, state.saidAt) = (0, now) }
            return state.lost
        }
        guard lost > 0 else { return }
        logger.warning(
            "notifications lost",
            metadata: ["output": "\(name)", "number": "\(lost)", "detail": "\(why); the ledger has them: jobs list"]
        )
    }

    private func count(_ number: Int) {
        guard number > 0 else { return }
        Counter(label: "impact_notifier_output_failures_total", dimensions: [("output", name)]).increment(by: number)
    }
}
