internal import ATProtocol
internal import Firehose
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// What goes on beside the work: status endpoint, watchdog, and a line a minute for those who tail the log.
struct DaemonAttendance: Sendable {
    let configuration: Configuration
    let pipeline: Pipeline
    let hosts: HostComparison
    let session: StoredSession
    let manager: ServiceManager
    let registry: MetricsRegistry
    let environment: [String: String]
    /// The process has just been started.
    let isFirst: Bool
    /// Told when the status endpoint listens, or is not going to; perhaps more than once.
    let began: @Sendable () -> Void
    let logger: Logger

    /// How often the log says that all is well.
    private static let heartbeat: Duration = .seconds(60)

    /// Runs until cancelled.
    ///
    /// - Throws: ``DaemonFailure`` when the status endpoint cannot listen and the process has just been started.
    func run() async throws(DaemonFailure) {
        let outcome = await withTaskGroup(of: DaemonFailure?.self) { group in
            if let address = configuration.statusAddress {
                group.addTask { await serve(at: address) }
            } else {
                began()
            }
            group.addTask {
                await watchdog()
                return nil
            }
            group.addTask {
                await beat()
                return nil
            }
            group.addTask {
                await watchSession()
                return nil
            }
            for await case let failure? in group {
                group.cancelAll()
                return failure as DaemonFailure?
            }
            return nil
        }
        if let outcome { throw outcome }
    }

    /// Serves the status endpoint until cancelled; why it cannot at the start, when that is somebody's mistake.
    ///
    /// Later it is no reason to stop sending messages: a reload that names a taken port, descriptors that have run out.
    private func serve(at address: StatusAddress) async -> DaemonFailure? {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(60))
        while !Task.isCancelled {
            do throws(StatusFailure) {
                let server = try StatusServer(address: address, source: source, logger: Logger(label: "status"))
                try await server.run(began: began)
            } catch {
                guard error.code != .cannotListen || !isFirst else {
                    return DaemonFailure(status: .unavailable, sentence: error.description)
                }
                began()
                let wait = backoff.next()
                logger.error(
                    "status endpoint failed",
                    metadata: ["reason": "\(error)", "next_s": "\(wait.components.seconds)"]
                )
                try? await ContinuousClock().sleep(for: wait)
            }
        }
        return nil
    }

    private func watchdog() async {
        guard let interval = ServiceManager.watchdogInterval(environment: environment) else { return }
        // An answer from the ledger proves that the pipeline's actor, its queue and the disk all move.
        let probe = Watchdog.Probe(name: "pipeline", limit: interval) { [pipeline] in _ = try? await pipeline.status() }
        let dog = Watchdog(
            heartbeats: Heartbeats(),
            probes: [probe],
            interval: interval / 3,
            logger: Logger(label: "watchdog")
        ) { [manager] in manager.watchdog() }
        await dog.run()
    }

    /// Tells the service manager of each new state of the session, and wakes the sender when it is usable again: an operator
    /// who has logged in, or made room on the disk, waits for the messages.
    private func watchSession() async {
        var (state, obstacle): (SessionState, SendObstacle?) = (.ok, nil)
        repeat {
            let now = await session.status()
            if now.state.isUsable, !state.isUsable {
                await pipeline.resume()
            } else if now.canSendNow, obstacle != nil, (try? await pipeline.status())?.sender.waitsForSession == true {
                await pipeline.resume()
            }
            let isNews = now.state.name != state.name || now.canSendNow != (obstacle == nil)
            if isNews, let status = try? await pipeline.status() { announce(status, now) }
            (state, obstacle) = (now.state, now.sendObstacle)
        } while (try? await ContinuousClock().sleep(for: .seconds(1))) != nil
    }

    private func beat() async {
        let startedAt = ContinuousClock.now
        while (try? await ContinuousClock().sleep(for: Self.heartbeat)) != nil {
            guard let status = try? await pipeline.status() else { continue }
            var metadata = status.metadata
            metadata["uptime_s"] = "\((ContinuousClock.now - startedAt).components.seconds)"
            let session = await session.status()
            metadata["session"] = "\(session.state.name)"
            if let obstacle = obstacle(status, session) { metadata["obstacle"] = "\(obstacle)" }
            logger.info("alive", metadata: metadata)
            announce(status, session)
        }
    }

    private func announce(_ status: PipelineStatus, _ session: SessionStatus) {
        let counts = "Delivered \(status.delivered), waiting \(status.pending)"
        guard let obstacle = obstacle(status, session) else {
            manager.status("\(counts); session \(session.state.name).")
            return
        }
        manager.status("\(counts); nothing can be sent: \(obstacle)")
    }

    private func obstacle(_ status: PipelineStatus?, _ session: SessionStatus) -> SendingObstacle? {
        let sender = status?.sender ?? .open
        return SendingObstacle(session: session.sendObstacle, sender: sender, now: SystemClock().now())
    }

    /// What is missing before the daemon does its work (docs/operations.md, `/readyz`).
    private func pending() async -> [String] {
        var pending: [String] = []
        if (try? await pipeline.status()) == nil { pending.append("ledger") }
        // Only hosts that were connected are reported.
        if hosts.reports.isEmpty { pending.append("stream") }
        return pending
    }

    private var source: StatusSource {
        StatusSource(
            pending: { await pending() },
            obstacle: { obstacle(try? await pipeline.status(), await session.status())?.description },
            status: { [pipeline, hosts, session] in
                var json: [String: JSONValue] = ["version": .string(BuildInformation.version)]
                let (current, status) = (await session.status(), try? await pipeline.status())
                json["session"] = SessionText(current, now: SystemClock().now()).json
                if let status { json["pipeline"] = status.json }
                json["obstacle"] = obstacle(status, current).map { .string($0.description) } ?? .null
                json["stream"] = .array(hosts.reports.map(\.json))
                return .object(json)
            },
            metrics: { [registry, session, pipeline] in
                // Sets the pipeline's gauges.
                _ = try? await pipeline.status()
                let families = registry.families() + SessionMetrics(await session.status()).families
                return families.sorted { $0.name < $1.name }
            }
        )
    }
}
