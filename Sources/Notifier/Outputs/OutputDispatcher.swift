internal import Logging
internal import Metrics
internal import Network
internal import Outputs

/// Feeds the local outputs from one bounded queue, so that a slow one delays no message.
final class OutputDispatcher: Sendable {
    private struct Target: Sendable {
        let name: String
        let occasions: Set<OutputConfiguration.Occasion>
        let channel: any OutputChannel
    }

    private let targets: [Target]
    private let wallClock: any WallClock
    private let logger: Logger
    private let queue: AsyncStream<OutputNotification>
    private let feed: AsyncStream<OutputNotification>.Continuation

    /// Notifications that may wait; more are counted and lost.
    static let capacity = 1000

    init(_ outputs: [OutputConfiguration], http: any HTTPClient, wallClock: any WallClock, logger: Logger) {
        targets = outputs.map { output in
            let channel: any OutputChannel =
                switch output.channel {
                case .file(let path): FileOutput(path: path)
                case .command(let arguments): CommandOutput(arguments: arguments)
                case .webhook(let url, let secret): WebhookOutput(url: url, secret: secret, http: http)
                }
            return Target(name: output.name, occasions: output.occasions, channel: channel)
        }
        self.wallClock = wallClock
        self.logger = logger
        (queue, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
    }

    /// Takes an outcome for whoever wants it; never waits.
    func offer(_ outcome: Outcome) {
        guard !targets.isEmpty, let notification = OutputNotification(outcome, at: wallClock.now()),
            targets.contains(where: { $0.occasions.contains(notification.occasion) })
        else { return }
        if case .dropped = feed.yield(notification) {
            Counter(label: "impact_notifier_output_failures_total", dimensions: [("output", "queue")]).increment()
        }
    }

    /// Feeds the outputs until ``finish()``; what waits then is still handed over, unless the task is cancelled.
    func run() async {
        for await notification in queue {
            for target in targets where target.occasions.contains(notification.occasion) && !Task.isCancelled {
                do { try await target.channel.deliver(notification.json) } catch {
                    Counter(label: "impact_notifier_output_failures_total", dimensions: [("output", target.name)])
                        .increment()
                    logger.warning("output failed", metadata: ["output": "\(target.name)", "detail": "\(error)"])
                }
            }
        }
    }

    /// Takes nothing more.
    func finish() { feed.finish() }
}
