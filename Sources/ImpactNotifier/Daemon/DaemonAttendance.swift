internal import ATProtocol
internal import Firehose
internal import Logging
internal import Metrics
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
    /// who has logged in waits for the messages.
    private func watchSession() async {
        var last = SessionState.ok
        repeat {
            let state = await session.status().state
            if state.isUsable, !last.isUsable { await pipeline.resume() }
            if state.name != last.name, let status = try? await pipeline.status() { await announce(status) }
            last = state
        } while (try? await ContinuousClock().sleep(for: .seconds(1))) != nil
    }

    private func beat() async {
        let startedAt = ContinuousClock.now
        while (try? await ContinuousClock().sleep(for: Self.heartbeat)) != nil {
            guard let status = try? await pipeline.status() else { continue }
            var metadata = status.metadata
            metadata["uptime_s"] = "\((ContinuousClock.now - startedAt).components.seconds)"
            metadata["session"] = "\(await session.status().state.name)"
            logger.info("alive", metadata: metadata)
            await announce(status)
        }
    }

    private func announce(_ status: PipelineStatus) async {
        let state = await session.status().state
        manager.status("Delivered \(status.delivered), waiting \(status.pending); session \(state.name).")
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
            status: { [pipeline, hosts, session] in
                var json: [String: JSONValue] = ["version": .string(BuildInformation.version)]
                json["session"] = SessionText(await session.status(), now: SystemClock().now()).json
                if let status = try? await pipeline.status() { json["pipeline"] = status.json }
                json["stream"] = .array(hosts.reports.map(\.json))
                return .object(json)
            },
            metrics: { [registry, session, pipeline] in
                // Sets the pipeline's gauges.
                _ = try? await pipeline.status()
                let isUsable = await session.status().state.isUsable
                Gauge(label: "impact_notifier_session_usable").record(isUsable ? 1 : 0)
                return registry.families()
            }
        )
    }
}
