internal import ATProtocol
internal import Backfill
internal import Firehose
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// The HTTP clients of commands and daemon.
struct NetworkServices: Sendable {
    let configuration: Configuration
    let http: CurlHTTPClient
    let identities: IdentityResolver
    /// The clock for waits that are not in a file.
    let steadyClock = SteadyClock()
    let logger: Logger

    init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        http = CurlHTTPClient(
            configuration: HTTPClientConfiguration(
                userAgent: BuildInformation.userAgent,
                allowsLoopback: configuration.allowsLoopback,
                certificateAuthorityFile: configuration.certificateAuthorityFile,
                proxy: configuration.proxy
            )
        )
        var identity = IdentityConfiguration(
            directory: configuration.plcDirectory,
            handleService: configuration.appView,
            allowsLoopback: configuration.allowsLoopback
        )
        identity.hosts = configuration.delivery.lookup.hostBreaker
        identities = IdentityResolver(configuration: identity, client: http, clock: steadyClock)
    }

    /// The sender's DID; a handle is resolved.
    ///
    /// - Throws: ``IdentityError``.
    func account() async throws(IdentityError) -> DID {
        switch configuration.account {
        case .did(let did): did
        case .handle(let handle): try await identities.did(of: handle)
        }
    }

    /// The sender's DID, however long resolving takes: a network that is down at boot is no reason to give up.
    ///
    /// - Parameter waits: is told the length of each wait before it.
    /// - Returns: the DID.
    /// - Throws: ``DaemonError`` when the handle is wrong rather than unreachable, or the task is cancelled.
    func waitForAccount(_ waits: (Duration) -> Void) async throws(DaemonError) -> DID {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(60))
        while true {
            do { return try await account() } catch {
                guard error.isTransient, !Task.isCancelled else {
                    throw DaemonError(
                        status: .configuration,
                        sentence: "account: \(error.description); write its DID instead"
                    )
                }
                let wait = backoff.next()
                waits(wait)
                logger.warning(
                    "the account's handle cannot be resolved; tried again",
                    metadata: ["reason": "\(error)", "next_s": .stringConvertible(wait.wholeSeconds)]
                )
                try? await ContinuousClock().sleep(for: wait)
            }
        }
    }

    /// The services for session and login.
    var sessionEnvironment: SessionEnvironment {
        SessionEnvironment(client: http, identities: identities, logger: Logger(label: "session"))
    }

    /// A backfill for a configuration, which may be later than the one that these clients were made with.
    func backfill(for configuration: Configuration) -> GapBackfill {
        var sweep = SweepConfiguration(
            directories: configuration.sweepDirectories,
            collections: Set(configuration.delivery.rules.flatMap(\.collections)).sorted { $0.text < $1.text },
            allowsLoopback: configuration.allowsLoopback
        )
        sweep.lookback = configuration.delivery.policy.maximumAge
        sweep.memory = configuration.delivery.sending.retention
        return GapBackfill(
            configuration: sweep,
            client: http,
            identities: identities,
            steady: steadyClock,
            logger: Logger(label: "sweep")
        )
    }

    /// Opens the stored session of an account.
    ///
    /// - Throws: ``DaemonError`` when the store cannot be used, or another daemon uses it.
    func openSession(of account: DID, isDaemon: Bool = false) async throws(DaemonError) -> StoredSession {
        do {
            return try await StoredSession.open(
                configuration.sessionConfiguration(of: account),
                sessionEnvironment,
                isDaemon: isDaemon
            )
        } catch {
            let status: ExitStatus = error.code == .busy ? .temporaryFailure : .cannotCreate
            throw DaemonError(status: status, sentence: error.description)
        }
    }
}
