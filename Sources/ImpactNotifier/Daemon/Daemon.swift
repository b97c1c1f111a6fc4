internal import Logging
internal import Network
internal import Notifier

/// The life of the daemon: start the parts, heed signals, reload, and end in order.
///
/// Whatever takes time is a task that comes back as an event, so that a signal is heeded at once in every state.
struct Daemon {
    /// What the daemon reacts to.
    enum Event: Sendable {
        case request(SignalStream.Request)
        case opened(DaemonFoundation)
        /// The parts watch, and the status endpoint listens.
        case watching
        case ended(DaemonFailure)
        case partsStopped
        case stopped
    }

    private enum State {
        /// State directory and session are being opened, which may have to wait for the network.
        case starting
        case running(DaemonParts)
        /// The parts of the old configuration are ending.
        case reloading(to: Configuration)
        case stopping
    }

    let loader: ConfigurationLoader
    let configurationPath: String
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
        let opening = Task {
            do throws(DaemonFailure) {
                continuation.yield(.opened(try await DaemonFoundation(configuration, manager: manager, logger: logger)))
            } catch { continuation.yield(.ended(error)) }
        }
        defer {
            forwarding.cancel()
            opening.cancel()
        }
        var state = State.starting
        var foundation: DaemonFoundation?
        var failure: DaemonFailure?
        var readyText = "Running."
        var wantsReload = false
        /// When the configuration was read that is to be in force.
        var reloadedAt: Int64?
        func start(_ configuration: Configuration, on foundation: DaemonFoundation, isFirst: Bool) -> State {
            .running(DaemonParts(configuration, on: foundation, of: self, isFirst: isFirst) { continuation.yield($0) })
        }
        func stop(_ parts: DaemonParts, then next: Event) {
            Task {
                await parts.stop(within: Self.stopLimit)
                continuation.yield(next)
            }
        }
        /// Ends what is there; the rest follows by events.
        func stop() {
            manager.stopping()
            switch state {
            case .starting: opening.cancel()
            case .running(let parts): stop(parts, then: .partsStopped)
            case .reloading, .stopping: break
            }
            state = .stopping
        }
        for await event in events {
            switch (event, state) {
            case (.request(.stop), .stopping):
                throw DaemonFailure(status: .failure, sentence: "a second signal to stop: ended without waiting")
            case (.request(.stop), _):
                logger.notice("stopping", metadata: ["reason": "signal"])
                stop()
            case (.opened(let opened), .starting):
                foundation = opened
                state = start(configuration, on: opened, isFirst: true)
                if wantsReload { continuation.yield(.request(.reload)) }
            case (.request(.reload), .starting): wantsReload = true
            case (.opened(let opened), _):
                foundation = opened
                continuation.yield(.partsStopped)
            case (.watching, .running(let parts)):
                manager.ready(status: readyText)
                if let readAt = reloadedAt { tell(readAt, [], of: parts.configuration) }
                reloadedAt = nil
            case (.request(.reload), .running(let parts)):
                manager.reloading()
                guard let (next, readAt) = reload(parts.configuration) else {
                    manager.ready()
                    continue
                }
                reloadedAt = readAt
                state = .reloading(to: next)
                stop(parts, then: .partsStopped)
            case (.request(.reload), .reloading(let current)):
                guard let (next, readAt) = reload(current) else { continue }
                reloadedAt = readAt
                state = .reloading(to: next)
            case (.partsStopped, .reloading(let next)):
                guard let foundation else { continue }
                readyText = "Running; reloaded."
                state = start(next, on: foundation, isFirst: false)
            case (.partsStopped, _):
                Task { [foundation, manager] in
                    // The answer to a renewal may take two minutes, and nothing else pings the watchdog any more.
                    let pulse = Task {
                        repeat {
                            manager.watchdog()
                        } while (try? await ContinuousClock().sleep(for: .seconds(10))) != nil
                    }
                    await foundation?.close()
                    pulse.cancel()
                    continuation.yield(.stopped)
                }
            case (.request(.report), .running(let parts)): Task { await parts.report() }
            case (.ended(let cause), .starting): throw cause
            case (.ended, .stopping) where foundation == nil: continuation.yield(.stopped)
            case (.ended(let cause), _):
                failure = failure ?? cause
                stop()
            case (.stopped, _):
                if let failure { throw failure }
                logger.notice("stopped")
                return
            case (.watching, _), (.request(.reload), _), (.request(.report), _): continue
            }
        }
    }

    /// The configuration that a reload brings, and when it was read; nil keeps the old one.
    private func reload(_ current: Configuration) -> (Configuration, readAt: Int64)? {
        let readAt = ReloadOutcome.now
        let problems: [String]
        do throws(ConfigurationError) {
            let next = try loader.load(path: configurationPath).configuration
            let lasting = next.lastingDifferences(from: current)
            guard !lasting.isEmpty else {
                output.level = next.log.level
                output.format = next.log.format
                logger.notice("configuration reloaded", metadata: ["rules": "\(next.delivery.rules.count)"])
                ConfigurationMetrics.recordReload(isSuccess: true)
                return (next, readAt)
            }
            problems = ["only a restart changes \(lasting.joined(separator: ", "))"]
        } catch {
            problems = error.issues.map(\.description)
        }
        for problem in problems {
            logger.error("reload refused, the old configuration stays", metadata: ["reason": "\(problem)"])
        }
        ConfigurationMetrics.recordReload(isSuccess: false)
        tell(readAt, problems, of: current)
        return nil
    }

    /// Leaves the outcome of a reload for the command that asked for it.
    private func tell(_ readAt: Int64, _ problems: [String], of configuration: Configuration) {
        let path = StateDirectory.resolve(configurationPath)
        let outcome = ReloadOutcome(readAt: readAt, configuration: path, problems: problems)
        guard !outcome.write(in: configuration.stateDirectory) else { return }
        logger.warning("whoever asked for the reload cannot be told", metadata: ["detail": "the disk took no file"])
    }
}
