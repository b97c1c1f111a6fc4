internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// What one process has exactly once and keeps through every reload: ledger, session and clients.
struct ProcessServices: Sendable {
    let network: NetworkServices
    let ledger: Ledger
    let session: StoredSession
    /// The machine's clock, as far as it can be believed.
    let clock: DaemonClock
    private let keeping: Task<Void, Never>

    /// Enters the state directory and opens what is in it.
    ///
    /// - Parameters:
    ///   - configuration: a checked configuration.
    ///   - manager: is asked for patience while the ledger is carried over, or the account's handle cannot be resolved.
    ///   - logger: gets a line for each attempt, and for each step of the carry-over.
    /// - Throws: ``DaemonError``, also when another daemon uses the state.
    init(_ configuration: Configuration, manager: ServiceManager, logger: Logger) async throws(DaemonError) {
        if let obstacle = CurlHTTPClient.obstacle { throw DaemonError(status: .unavailable, sentence: obstacle) }
        do {
            try StateDirectory.enter(configuration.stateDirectory, for: .beginning)
            try StateDirectory.prove(configuration.stateDirectory)
        } catch {
            throw DaemonError(status: .cannotCreate, sentence: error.description)
        }
        let report = CarryOverReport(manager: manager, logger: logger)
        do { ledger = try await Ledger.open(in: configuration.stateDirectory, telling: report) } catch {
            throw DaemonError(error)
        }
        network = NetworkServices(configuration, logger: logger)
        clock = DaemonClock(steady: network.steadyClock, logger: logger)
        let account = try await network.waitForAccount { wait in
            manager.startsLater(within: wait + .seconds(60), status: "Waiting for the account's handle to be resolved.")
        }
        let session = try await network.openSession(of: account, isDaemon: true)
        self.session = session
        keeping = Task { await session.run() }
    }

    /// Waits until a refresh under way is finished and stored, because its token is already used up.
    func close() async {
        keeping.cancel()
        await keeping.value
    }
}
