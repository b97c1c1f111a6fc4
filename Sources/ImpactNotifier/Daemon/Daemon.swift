internal import Logging
internal import Network
internal import Notifier

/// The daemon: does what ``DaemonMachine`` decides, and hands it the results.
///
/// Everything that takes time is a task whose result is an event, so that a signal takes effect at once in every state.
struct Daemon {
    let loader: ConfigurationLoader
    let configurationPath: String
    let output: LogOutput
    let registry: MetricsRegistry
    let manager: ServiceManager
    let signals: SignalStream<OperatorSignal>
    let logger: Logger

    /// How long stopping may take before it is cut short; less than the unit's `TimeoutStopSec`.
    private static let stopLimit: Duration = .seconds(40)

    /// Runs until a signal ends it.
    ///
    /// - Throws: ``DaemonError`` when it cannot start or cannot go on.
    func run(_ configuration: Configuration) async throws(DaemonError) {
        let (events, continuation) = AsyncStream.makeStream(of: DaemonMachine.Event.self)
        let forwarding = Task { [signals] in
            for await request in signals.requests { continuation.yield(.asked(request)) }
        }
        let opening = Task { () -> ProcessServices? in
            do throws(DaemonError) {
                let services = try await ProcessServices(configuration, manager: manager, logger: logger)
                continuation.yield(.opened)
                return services
            } catch {
                continuation.yield(.failed(error))
                return nil
            }
        }
        defer {
            forwarding.cancel()
            opening.cancel()
        }
        var machine = DaemonMachine()
        var current = configuration
        var runtime: Runtime?
        for await event in events {
            var actions = machine.handle(event)
            while !actions.isEmpty {
                switch actions.removeFirst() {
                case .cancelOpening: opening.cancel()
                case .startRuntime(let isFirst):
                    guard let services = await opening.value else { continue }
                    runtime = Runtime(current, on: services, of: self, isFirst: isFirst) { continuation.yield($0) }
                case .stopRuntime:
                    Task { [runtime] in
                        await runtime?.stop(within: Self.stopLimit)
                        continuation.yield(.runtimeStopped)
                    }
                case .closeServices:
                    Task { [manager] in
                        // The answer to a token renewal may take two minutes, and nothing else pings the watchdog any
                        // more.
                        manager.watchdog()
                        let pulse = Task {
                            while (try? await ContinuousClock().sleep(for: .seconds(10))) != nil { manager.watchdog() }
                        }
                        await opening.value?.close()
                        pulse.cancel()
                        continuation.yield(.servicesClosed)
                    }
                case .loadConfiguration: actions += machine.handle(.loaded(reload(&current)))
                case .answer(let outcome):
                    guard !outcome.write(in: current.stateDirectory) else { continue }
                    let detail: Logger.Metadata = ["detail": "reload.json cannot be written"]
                    logger.warning(
                        "the reload command cannot be told the outcome; look at the disk of the state directory",
                        metadata: detail
                    )
                case .report: Task { [runtime] in await runtime?.report() }
                case .tellReady(let status): manager.ready(status: status)
                case .tellReloading: manager.reloading()
                case .tellStopping(let isAsked):
                    if isAsked { logger.notice("stopping", metadata: ["reason": "signal"]) }
                    manager.stopping()
                case .finish(let failure):
                    if let failure { throw failure }
                    logger.notice("stopped")
                    return
                }
            }
        }
    }

    /// Reads the configuration again; if there are problems, the old one stays.
    private func reload(_ configuration: inout Configuration) -> ReloadOutcome {
        let readAt = ReloadOutcome.now
        let problems: [String]
        do throws(ConfigurationError) {
            let next = try loader.load(path: configurationPath).configuration
            let lasting = next.lastingDifferences(from: configuration)
            problems = lasting.isEmpty ? [] : ["only a restart changes \(lasting.joined(separator: ", "))"]
            if lasting.isEmpty {
                (output.level, output.format) = (next.log.level, next.log.format)
                logger.notice(
                    "configuration reloaded",
                    metadata: ["rules": .stringConvertible(next.delivery.rules.count)]
                )
                configuration = next
            }
        } catch {
            problems = error.issues.map(\.description)
        }
        for problem in problems {
            logger.error(
                "reload refused, the old configuration stays in force; correct it and reload again",
                metadata: ["reason": "\(problem)"]
            )
        }
        ConfigurationMetrics.recordReload(isSuccess: problems.isEmpty)
        return .init(readAt: readAt, configuration: StateDirectory.resolve(configurationPath), problems: problems)
    }
}
