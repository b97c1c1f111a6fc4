internal import LedgerStorage
internal import Logging
internal import Network

/// Forgets once a day what was finished long ago, a batch at a time with work in between, and says what waits.
actor Housekeeper {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let desk: OperatorDesk
    private var nextAt = UnixTime.distantPast
    private var forgotten = 0

    /// The pause between two batches.
    private static let pause = Duration.milliseconds(50)
    private static let day = Duration.seconds(86_400)

    init(_ context: DeliveryContext, queue: JobQueue, desk: OperatorDesk) {
        self.context = context
        self.queue = queue
        self.desk = desk
    }

    /// Runs until its loop is drained.
    func run() async throws(LedgerError) {
        try await context.loops.tidying.run { () async throws(LedgerError) in try await self.step() }
    }

    private func step() async throws(LedgerError) -> Duration {
        let now = context.now
        guard now >= nextAt else { return nextAt - now }
        let count = try await queue.prune(before: now - context.configuration.sending.retention)
        forgotten += count
        guard count == 0 else { return Self.pause }
        nextAt = now + Self.day
        if forgotten > 0 { context.logger.info("finished jobs forgotten", metadata: ["count": "\(forgotten)"]) }
        forgotten = 0
        for (reason, number) in try await desk.waiting().sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            context.logger.notice(
                "messages wait for their owners",
                metadata: ["reason": "\(reason.rawValue)", "count": "\(number)"]
            )
        }
        return Self.day
    }
}
