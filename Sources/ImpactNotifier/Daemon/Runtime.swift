internal import ATProtocol
internal import Backfill
internal import Firehose
internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// The parts of a running daemon with one configuration, from the stream to the sender.
struct Runtime: Sendable {
    private let pipeline: Pipeline
    private let hosts: HostCoverage
    private let reading: Task<Void, Never>
    private let sweeping: Task<Void, Never>
    private let delivering: Task<Void, Never>
    private let monitoring: Task<Void, Never>
    private let logger: Logger

    /// Starts everything.
    ///
    /// - Parameters:
    ///   - configuration: the configuration of this run.
    ///   - services: outlive the parts.
    ///   - daemon: connects the parts to the service manager and the metrics.
    ///   - isFirst: whether the process was just started, so that an address in use is the operator's mistake.
    ///   - tell: is told when the parts work, and when one cannot go on.
    init(
        _ configuration: Configuration,
        on services: ProcessServices,
        of daemon: Daemon,
        isFirst: Bool,
        tell: @escaping @Sendable (DaemonMachine.Event) -> Void
    ) {
        let batchQueue = BatchQueue(capacity: 10_000)
        let pipeline = Pipeline(
            configuration: configuration.delivery,
            ledger: services.ledger,
            session: services.session,
            identities: services.network.identities,
            http: services.network.http,
            batchQueue: batchQueue,
            wallClock: services.clock,
            steadyClock: services.network.steadyClock,
            initialMargin: configuration.stream.initialMargin,
            turnName: "impact-notifier/\(services.session.account)",
            logger: Logger(label: "pipeline")
        )
        let follower = StreamFollower(
            configuration: configuration.stream,
            positions: services.ledger.stream,
            batchQueue: batchQueue,
            identities: services.network.identities,
            clock: services.clock,
            steady: services.network.steadyClock,
            logger: Logger(label: "stream")
        )
        let backfiller = GapBackfiller(
            backfill: services.network.backfill(for: configuration),
            store: services.ledger.stream,
            hosts: follower.hosts,
            batchQueue: follower.entrance,
            steady: services.network.steadyClock,
            logger: Logger(label: "sweep")
        )
        sweeping = Task { await backfiller.run() }
        reading = Task {
            do throws(FirehoseError) { try await follower.run() } catch {
                // A first query of the ledger that is cancelled is no failure but a stop during the start.
                guard !Task.isCancelled else { return }
                let status: ExitStatus = error.code == .storage ? .software : .unavailable
                tell(.failed(DaemonError(status: status, sentence: error.description)))
            }
        }
        delivering = Task {
            do throws(LedgerError) { try await pipeline.run() } catch { tell(.failed(DaemonError(error))) }
        }
        let monitor = Monitoring(
            configuration: configuration,
            pipeline: pipeline,
            ledger: services.ledger,
            identities: services.network.identities,
            hosts: follower.hosts,
            session: services.session,
            manager: daemon.manager,
            registry: daemon.registry,
            environment: daemon.loader.environment,
            isFirst: isFirst,
            began: { tell(.watching) },
            logger: daemon.logger
        )
        monitoring = Task {
            do throws(DaemonError) { try await monitor.run() } catch { tell(.failed(error)) }
        }
        self.pipeline = pipeline
        hosts = follower.hosts
        logger = daemon.logger
    }

    /// Ends the parts in an order in which nothing is lost: the stream first, then the sender.
    func stop(within limit: Duration) async {
        // At once, however long the stream takes, because other settings may be in force already.
        await pipeline.stopSending()
        reading.cancel()
        sweeping.cancel()
        await reading.value
        // Not a task group, because a group would also wait for a part that hangs.
        let (outcomes, continuation) = AsyncStream.makeStream(of: Bool.self)
        let patience = Task {
            try await ContinuousClock().sleep(for: limit)
            continuation.yield(false)
        }
        Task { [pipeline, delivering, sweeping] in
            await pipeline.drain()
            await sweeping.value
            await delivering.value
            continuation.yield(true)
        }
        if await outcomes.first(where: { _ in true }) == false {
            logger.error(
                "a part of the daemon did not stop in time; the daemon ends without it",
                metadata: ["limit_s": .stringConvertible(limit.wholeSeconds)]
            )
        }
        patience.cancel()
        delivering.cancel()
        monitoring.cancel()
        await monitoring.value
    }

    /// Writes the status to the log.
    func report() async {
        guard let status = try? await pipeline.status() else { return }
        var metadata = status.metadata
        metadata["stream"] = "\(hosts.reports.map(\.text).joined(separator: ", "))"
        logger.notice("status", metadata: metadata)
    }
}
