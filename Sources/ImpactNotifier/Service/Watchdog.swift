internal import Logging

/// Tells the service manager that the daemon makes progress, and is silent when a part does not.
///
/// After `WatchdogSec` of silence systemd aborts and restarts the process, which invariants 1 to 3 make harmless.
struct Watchdog: Sendable {
    /// A question that a healthy part answers soon, such as a statement to the store or a call of an actor.
    struct Probe: Sendable {
        /// The name in the log.
        let name: String
        /// The longest time from one answer to the next.
        let limit: Duration
        /// Returns when the part has answered.
        let ask: @Sendable () async -> Void
    }

    private let heartbeats: Heartbeats
    private let probes: [Probe]
    private let interval: Duration
    private let report: @Sendable () -> Void
    private let logger: Logger

    /// A watchdog that calls `report` every `interval` while no part is overdue.
    ///
    /// `interval` is a third of what the manager allows, so that two may be late.
    init(
        heartbeats: Heartbeats,
        probes: [Probe] = [],
        interval: Duration,
        logger: Logger,
        report: @escaping @Sendable () -> Void
    ) {
        self.heartbeats = heartbeats
        self.probes = probes
        self.interval = interval
        self.logger = logger
        self.report = report
    }

    /// Watches until cancelled.
    func run(clock: some Clock<Duration> = ContinuousClock()) async {
        await withTaskGroup { group in
            for probe in probes {
                let heartbeat = heartbeats.expect(probe.name, every: probe.limit)
                group.addTask {
                    while !Task.isCancelled {
                        await probe.ask()
                        heartbeat.beat()
                        try? await clock.sleep(for: interval)
                    }
                }
            }
            var overdue: [String] = []
            while !Task.isCancelled {
                let now = heartbeats.overdue()
                note(now, after: overdue)
                overdue = now
                if overdue.isEmpty { report() }
                try? await clock.sleep(for: interval)
            }
            group.cancelAll()
        }
    }

    private func note(_ overdue: [String], after previous: [String]) {
        guard overdue != previous else { return }
        if overdue.isEmpty {
            logger.notice("all parts of the daemon make progress again")
        } else {
            logger.error(
                "a part of the daemon makes no progress; systemd restarts the daemon if that lasts",
                metadata: ["parts": "\(overdue.joined(separator: ","))"]
            )
        }
    }
}
