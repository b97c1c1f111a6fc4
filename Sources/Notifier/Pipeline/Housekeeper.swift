internal import LedgerStorage
internal import Logging
internal import Network

/// Once a day forgets what was finished long ago, a batch at a time with pauses, and logs what waits.
///
/// At each start and reload it first logs whether sending is off.
actor Housekeeper {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let desk: OperatorDesk
    private let settings: Settings
    private var nextAt = UnixTime.distantPast
    private var nextWarningAt = UnixTime.distantPast
    private var nextWatchAt = UnixTime.distantPast
    private let watch: RuleWatch
    private var forgotten = 0

    /// The pause between two batches.
    private static let pause = Duration.milliseconds(50)
    private static let day = Duration.seconds(86_400)
    private static let hour = Duration.seconds(3600)
    /// The setting that says whether the last run was in shadow mode.
    private static let shadowSetting = "shadow-mode"

    init(_ context: DeliveryContext, ledger: Ledger) {
        self.context = context
        queue = ledger.queue(context.timetable)
        desk = ledger.desk
        settings = ledger.settings
        watch = RuleWatch(context: context, desk: ledger.desk)
    }

    /// Runs until its loop is drained.
    func run() async throws(LedgerError) {
        try await context.loops.tidying.run { () async throws(LedgerError) in try await self.step() }
    }

    /// Does one thing.
    ///
    /// - Returns: how long there is nothing else to do.
    func step() async throws(LedgerError) -> Duration {
        let now = context.steadyNow
        let warns = now >= nextWarningAt
        if warns {
            nextWarningAt = now + Self.day
            try await warnOfShadowMode()
        }
        if warns || now >= nextWatchAt {
            nextWatchAt = now + Self.hour
            try await expireQueued()
            try await watch.run(warns: warns)
        }
        guard now >= nextAt else { return min(nextAt, nextWarningAt, nextWatchAt) - now }
        let count = try await queue.prune(before: context.agreedNow - context.configuration.sending.retention)
        forgotten += count
        guard count == 0 else { return Self.pause }
        nextAt = now + Self.day
        if forgotten > 0 {
            context.logger.info("old finished jobs deleted", metadata: ["count": .stringConvertible(forgotten)])
        }
        forgotten = 0
        for (reason, number) in try await desk.waiting().sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            context.logger.notice(
                "jobs wait for their owners",
                metadata: ["reason": "\(reason.rawValue)", "count": .stringConvertible(number)]
            )
        }
        return Self.hour
    }

    /// Drops jobs that could not be sent for so long that they are no news.
    private func expireQueued() async throws(LedgerError) {
        let age = context.configuration.policy.maximumQueueAge
        while !context.loops.tidying.isDraining {
            let applied = try await queue.expireQueued(before: context.agreedNow - age, now: context.now)
            guard !applied.outcomes.isEmpty else { return }
            context.report(applied)
        }
    }

    /// Logs that nothing is sent, or once that messages are sent again.
    private func warnOfShadowMode() async throws(LedgerError) {
        let wasShadow = try await settings[Self.shadowSetting] == "on"
        if context.isShadow != wasShadow {
            try await settings.set(Self.shadowSetting, to: context.isShadow ? "on" : "off")
        }
        if context.isShadow {
            context.logger.warning(
                "SHADOW MODE: nothing is sent, everything else is done",
                metadata: ["to_do": "to send messages, set sending.enabled: true and run impact-notifier reload"]
            )
        } else if wasShadow {
            context.logger.warning(
                "shadow mode is over: messages are sent from now on, and nobody is told of what was seen during it",
                metadata: [
                    "to_do":
                        "to tell them all the same: impact-notifier jobs retry --reason \(Reason.shadowMode.rawValue)"
                ]
            )
        }
    }
}
