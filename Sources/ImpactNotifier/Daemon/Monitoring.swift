internal import ATProtocol
internal import Firehose
internal import LedgerStorage
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// What goes on beside the work: status endpoint, watchdog, and one log line a minute.
struct Monitoring: Sendable {
    let configuration: Configuration
    let pipeline: Pipeline
    let ledger: Ledger
    let identities: IdentityResolver
    let hosts: HostCoverage
    let session: StoredSession
    let manager: ServiceManager
    let registry: MetricsRegistry
    let environment: [String: String]
    /// Whether the process was just started.
    let isFirst: Bool
    /// Called when the status endpoint listens, or certainly will not; may be called more than once.
    let began: @Sendable () -> Void
    let logger: Logger

    /// How often the log says that all is well.
    private static let heartbeat: Duration = .seconds(60)
    /// How often the sender's handle is looked up, because it may change.
    private static let renaming: Duration = .seconds(3600)
    /// The least, and the longest, time between two readings of the page's figures.
    private static let look: Duration = .seconds(5)
    private static let longestLook: Duration = .seconds(60)
    /// The pause after a reading is so many times its length, so that reading costs at most one percent.
    private static let lookFactor = 100

    /// Runs until cancelled.
    ///
    /// - Throws: ``DaemonError`` when the status endpoint cannot listen and the process was just started.
    func run() async throws(DaemonError) {
        let board = StatusBoard(session: await session.status())
        let outcome = await withTaskGroup(of: DaemonError?.self) { group in
            if let address = configuration.status.address {
                group.addTask { await serve(at: address, board) }
                group.addTask {
                    await nameSender(board)
                    return nil
                }
                group.addTask {
                    await lookOver(board)
                    return nil
                }
            } else {
                began()
            }
            let duties: [@Sendable () async -> Void] = [
                watchdog, watchSession, { await askLedger(board) }, { await askSession(board) }, { await beat(board) },
            ]
            for duty in duties {
                group.addTask {
                    await duty()
                    return nil
                }
            }
            for await case let failure? in group {
                group.cancelAll()
                return failure as DaemonError?
            }
            return nil
        }
        if let outcome { throw outcome }
    }

    /// Serves the status endpoint until cancelled.
    ///
    /// Later failures are no reason to stop sending messages: a reload that names a port in use, or no free
    /// descriptors.
    ///
    /// - Returns: why it cannot serve, when the process was just started and that is somebody's mistake.
    private func serve(at address: StatusAddress, _ board: StatusBoard) async -> DaemonError? {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(60))
        while !Task.isCancelled {
            do throws(StatusError) {
                let server = try StatusServer(
                    at: address,
                    configuration.status,
                    source: source(board),
                    logger: Logger(label: "status")
                )
                began()
                await server.run()
            } catch {
                guard error.code != .cannotListen || !isFirst else {
                    return DaemonError(status: .unavailable, sentence: error.description)
                }
                began()
                let wait = backoff.next()
                logger.error(
                    "status endpoint failed; it is opened again",
                    metadata: ["reason": "\(error)", "next_s": .stringConvertible(wait.wholeSeconds)]
                )
                try? await ContinuousClock().sleep(for: wait)
            }
        }
        return nil
    }

    private func watchdog() async {
        guard let interval = ServiceManager.watchdogInterval(environment: environment) else { return }
        // An answer from the ledger proves that the pipeline's actor, its queue and the disk all work.
        let dog = Watchdog(
            over: "pipeline",
            limit: interval,
            interval: interval / 3,
            logger: Logger(label: "watchdog"),
            ask: { _ = await status() },
            report: { [manager] in manager.watchdog() }
        )
        await dog.run()
    }

    /// Tells the service manager each new state of the session, and wakes the sender when the session is usable again.
    ///
    /// An operator who has logged in, or freed disk space, waits for the messages.
    private func watchSession() async {
        var (state, obstacle): (SessionState, SendObstacle?) = (.ok, nil)
        repeat {
            let now = await session.status()
            if now.state.isUsable, !state.isUsable {
                await pipeline.resume()
            } else if now.canSendNow, obstacle != nil, await status()?.sender.waitsForSession == true {
                await pipeline.resume()
            }
            let isNews = now.state.name != state.name || now.canSendNow != (obstacle == nil)
            if isNews, let status = await status() { announce(status, now) }
            (state, obstacle) = (now.state, now.sendObstacle)
        } while (try? await ContinuousClock().sleep(for: .seconds(1))) != nil
    }

    /// Asks the pipeline for its status, and so the ledger, for as long as the endpoint may show it.
    private func askLedger(_ board: StatusBoard) async {
        repeat {
            board.ask()
            let answer = await Unhurried.answer { [pipeline] () -> Result<PipelineStatus, LedgerError> in
                do throws(LedgerError) { return .success(try await pipeline.status()) } catch { return .failure(error) }
            }
            guard let answer else { return }
            board.show(answer)
        } while (try? await ContinuousClock().sleep(for: board.rest)) != nil
    }

    /// Reads the figures of the page, separately from the questions that reveal a silent ledger.
    private func lookOver(_ board: StatusBoard) async {
        var rest = Self.look
        var isRead = true
        repeat {
            let begun = ContinuousClock.now
            let answer = await Unhurried.answer { [ledger] () -> Result<LedgerOverview, LedgerError> in
                let now = SystemClock().now()
                do throws(LedgerError) { return .success(try await ledger.overview(at: now)) } catch {
                    return .failure(error)
                }
            }
            guard let answer else { return }
            switch answer {
            case .success(let overview):
                board.show(overview)
                isRead = true
            case .failure(let error):
                if isRead { logger.warning("page figures cannot be read", metadata: ["reason": "\(error)"]) }
                isRead = false
            }
            rest = min(Self.longestLook, max(Self.look, (ContinuousClock.now - begun) * Self.lookFactor))
        } while (try? await ContinuousClock().sleep(for: rest)) != nil
    }

    /// Asks for the session's status, separately from the ledger, which may hang.
    private func askSession(_ board: StatusBoard) async {
        while (try? await ContinuousClock().sleep(for: .milliseconds(500))) != nil {
            board.show(await session.status())
        }
    }

    /// Looks up the sender's handle: apps tell people whom to follow, and people know accounts by handles.
    private func nameSender(_ board: StatusBoard) async {
        repeat {
            let answer = await Unhurried.answer { [identities, account = session.account] in
                await identities.handle(of: account)
            }
            if let handle = answer ?? nil { board.show(handle) }
        } while (try? await ContinuousClock().sleep(for: board.knowsSender ? Self.renaming : Self.heartbeat)) != nil
    }

    /// The pipeline's status; nil when it cannot tell, or when nobody waits for it any more.
    private func status() async -> PipelineStatus? {
        await Unhurried.answer { [pipeline] in try? await pipeline.status() } ?? nil
    }

    private func beat(_ board: StatusBoard) async {
        let startedAt = ContinuousClock.now
        while (try? await ContinuousClock().sleep(for: Self.heartbeat)) != nil {
            if case .silent(let time) = board.ledger() {
                let seconds = time.wholeSeconds
                logger.error(
                    "the ledger does not answer; look at the disk of the state directory",
                    metadata: ["silent_s": .stringConvertible(seconds)]
                )
                manager.status("The ledger has not answered for \(seconds) s: look at the disk of the state directory.")
                continue
            }
            guard let status = board.pipeline else { continue }
            var metadata = status.metadata
            metadata["uptime_s"] = .stringConvertible((ContinuousClock.now - startedAt).wholeSeconds)
            metadata["session"] = "\(board.session.state.name)"
            if let obstacle = Self.obstacle(board) { metadata["obstacle"] = "\(obstacle)" }
            logger.info("alive", metadata: metadata)
            announce(status, board.session)
        }
    }

    private func announce(_ status: PipelineStatus, _ session: SessionStatus) {
        let counts = "Delivered \(status.delivered), waiting \(status.pending)"
        let now = SystemClock().now()
        guard let obstacle = SendingObstacle(session: session.sendObstacle, sender: status.sender, now: now) else {
            manager.status("\(counts); session \(session.state.name).")
            return
        }
        manager.status("\(counts); nothing can be sent: \(obstacle)")
    }
}
