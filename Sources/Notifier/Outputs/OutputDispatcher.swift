internal import Logging
internal import Network
internal import Outputs

/// Tells the local outputs, each from its own queue, so that a slow one delays neither a message nor another output.
final class OutputDispatcher: Sendable {
    private let queues: [OutputQueue]
    private let wallClock: any WallClock

    init(_ outputs: [OutputConfiguration], http: any HTTPClient, wallClock: any WallClock, logger: Logger) {
        queues = outputs.map { output in
            let channel: any OutputChannel =
                switch output.channel {
                case .file(let path): FileOutput(path: path)
                case .command(let arguments): CommandOutput(arguments: arguments)
                case .webhook(let url, let secret): WebhookOutput(url: url, secret: secret, http: http)
                }
            return OutputQueue(output.name, output.occasions, channel, logger: logger)
        }
        self.wallClock = wallClock
    }

    /// Passes an outcome to the outputs that want it; never waits.
    func offer(_ outcome: Outcome) {
        guard !queues.isEmpty, let notification = OutputNotification(outcome, at: wallClock.now()) else { return }
        for queue in queues { queue.offer(notification) }
    }

    /// Feeds the outputs until ``finish()``; then hands over what still waits, unless the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for queue in queues { group.addTask { await queue.run() } }
        }
    }

    /// Accepts nothing more.
    func finish() {
        for queue in queues { queue.finish() }
    }
}
