internal import Logging
internal import Network
internal import Notifier

/// The life of the daemon: start the parts, heed signals, reload, and end in order.
struct Daemon {
    /// What the daemon reacts to.
    enum Event: Sendable {
        case request(SignalStream.Request)
        case ended(DaemonFailure)
        case stopped
    }

    let loader: ConfigurationLoader
    let configurationPath: String?
    let output: LogOutput
    let registry: MetricsRegistry
    let manager: ServiceManager
    let logger: Logger

    /// Stopping may take this long before it is cut short; less than the unit's `TimeoutStopSec`.
    private static let stopLimit: Duration = .seconds(40)

    /// Runs until a signal ends it.
    ///
    /// - Throws: ``DaemonFailure`` when it cannot start or cannot go on.
    func run(_ configuration: Configuration) async throws(DaemonFailure) {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let signals = SignalStream()
        let forwarding = Task { for await request in signals.requests { continuation.yield(.request(request)) } }
        defer { forwarding.cancel() }
        let foundation = try await DaemonFoundation(configuration, logger: logger)
        func start(_ configuration: Configuration) -> DaemonParts {
            DaemonParts(configuration, on: foundation, of: self) { continuation.yield(.ended($0)) }
        }
        var parts = start(configuration)
        manager.ready(status: "Running.")
        var isStopping = false
        for await event in events {
            switch event {
            case .request(.stop) where isStopping:
                throw DaemonFailure(status: .failure, sentence: "a second signal to stop: ended without waiting")
            case .request(.stop):
                isStopping = true
                manager.stopping()
                logger.notice("stopping", metadata: ["reason": "signal"])
                let stopping = parts
                Task {
                    await stopping.stop(within: Self.stopLimit)
                    await foundation.close()
                    continuation.yield(.stopped)
                }
            case .request(.reload) where !isStopping:
                manager.reloading()
                guard let next = reload(parts.configuration) else {
                    manager.ready(status: "Running; the last reload was refused.")
                    continue
                }
                await parts.stop(within: Self.stopLimit)
                parts = start(next)
                manager.ready(status: "Running; reloaded.")
            case .request(.reload): continue
            case .request(.report): await parts.report()
            case .ended(let failure):
                manager.stopping()
                await parts.stop(within: Self.stopLimit)
                await foundation.close()
                throw failure
            case .stopped:
                logger.notice("stopped")
                return
            }
        }
    }

    /// The configuration that a reload brings; nil keeps the old one.
    private func reload(_ current: Configuration) -> Configuration? {
        do {
            let next = try loader.load(path: configurationPath).configuration
            let lasting = next.lastingDifferences(from: current)
            guard lasting.isEmpty else {
                let reason = "only a restart changes \(lasting.joined(separator: ", "))"
                logger.error("reload refused, the old configuration stays", metadata: ["reason": "\(reason)"])
                ConfigurationMetrics.recordReload(isSuccess: false)
                return nil
            }
            output.level = next.log.level
            output.format = next.log.format
            logger.notice("configuration reloaded", metadata: ["rules": "\(next.delivery.rules.count)"])
            ConfigurationMetrics.recordReload(isSuccess: true)
            return next
        } catch {
            for issue in error.issues {
                logger.error("reload refused, the old configuration stays", metadata: ["reason": "\(issue)"])
            }
            ConfigurationMetrics.recordReload(isSuccess: false)
            return nil
        }
    }
}
