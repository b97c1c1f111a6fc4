internal import ATProtocol
internal import Firehose
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// The parts of a running daemon over one configuration, from the stream to the sender.
struct DaemonParts: Sendable {
    let configuration: Configuration
    private let pipeline: Pipeline
    private let hosts: HostComparison
    private let reading: Task<Void, Never>
    private let sweeping: Task<Void, Never>
    private let delivering: Task<Void, Never>
    private let attending: Task<Void, Never>
    private let logger: Logger

    /// Starts everything.
    ///
    /// - Parameters:
    ///   - configuration: what this run goes by.
    ///   - foundation: outlives the parts.
    ///   - daemon: gives the parts their way to the service manager and the metrics.
    ///   - isFirst: the process has just been started, so that an address that is taken is its operator's mistake.
    ///   - tell: told when the parts are at work, and when one cannot go on.
    init(
        _ configuration: Configuration,
        on foundation: DaemonFoundation,
        of daemon: Daemon,
        isFirst: Bool,
        tell: @escaping @Sendable (Daemon.Event) -> Void
    ) {
        let mailbox = StreamMailbox(capacity: 10_000)
        let pipeline = Pipeline(
            configuration: configuration.delivery,
            ledger: foundation.ledger,
            session: foundation.session,
            identities: foundation.services.identities,
            http: foundation.services.http,
            mailbox: mailbox,
            logger: Logger(label: "pipeline")
        )
        let follower = StreamFollower(
            configuration: configuration.stream,
            positions: foundation.ledger.stream,
            mailbox: mailbox,
            identities: foundation.services.identities,
            logger: Logger(label: "stream")
        )
        let keeper = GapKeeper(
            sweep: foundation.services.sweep(for: configuration),
            store: foundation.ledger.stream,
            hosts: follower.hosts,
            mailbox: follower.entrance,
            logger: Logger(label: "sweep")
        )
        sweeping = Task { await keeper.run() }
        reading = Task {
            do throws(FirehoseFailure) { try await follower.run() } catch {
                // Cancelled at its first query of the ledger is no failure, it is a stop during the start.
                guard !Task.isCancelled else { return }
                let status: ExitStatus = error.code == .storage ? .software : .unavailable
                tell(.ended(DaemonFailure(status: status, sentence: error.description)))
            }
        }
        delivering = Task {
            do throws(LedgerError) { try await pipeline.run() } catch { tell(.ended(DaemonFailure(error))) }
        }
        let attendance = DaemonAttendance(
            configuration: configuration,
            pipeline: pipeline,
            hosts: follower.hosts,
            session: foundation.session,
            manager: daemon.manager,
            registry: daemon.registry,
            environment: daemon.loader.environment,
            isFirst: isFirst,
            began: { tell(.watching) },
            logger: daemon.logger
        )
        attending = Task {
            do throws(DaemonFailure) { try await attendance.run() } catch { tell(.ended(error)) }
        }
        self.configuration = configuration
        self.pipeline = pipeline
        hosts = follower.hosts
        logger = daemon.logger
    }

    /// Ends the parts in the order in which nothing is lost: the stream first, then the sender.
    func stop(within limit: Duration) async {
        reading.cancel()
        sweeping.cancel()
        await reading.value
        await sweeping.value
        // Not a group, which would wait for the part that hangs, too.
        let (outcomes, continuation) = AsyncStream.makeStream(of: Bool.self)
        let patience = Task {
            try await ContinuousClock().sleep(for: limit)
            continuation.yield(false)
        }
        Task { [pipeline, delivering] in
            await pipeline.drain()
            await delivering.value
            continuation.yield(true)
        }
        if await outcomes.first(where: { _ in true }) == false {
            logger.error("a part did not stop in time", metadata: ["limit_s": "\(limit.components.seconds)"])
        }
        patience.cancel()
        delivering.cancel()
        attending.cancel()
        await attending.value
    }

    /// Writes the status to the log.
    func report() async {
        guard let status = try? await pipeline.status() else { return }
        var metadata = status.metadata
        metadata["stream"] = "\(hosts.reports.map(\.text).joined(separator: ", "))"
        logger.notice("status", metadata: metadata)
    }
}
