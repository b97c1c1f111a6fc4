internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import Logging

/// The command `run`: the daemon.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the daemon until SIGTERM or SIGINT.",
        discussion: """
            SIGHUP reads the configuration again, and keeps the old one when the new one is wrong. SIGUSR1 writes the \
            status to the log. A second SIGTERM ends at once. The exit statuses are in \
            \(Documentation.operations.path).
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let loaded = try configuration.load(for: .start) { issue in
            CommandLog.report(issue.description, as: "configuration refused", .critical, of: "daemon")
        }
        // Root restarts the program as the state's owner; any problem is reported when the daemon begins.
        _ = try? StateDirectory.enter(loaded.configuration.stateDirectory, for: .beginning)
        if loaded.configuration.allowsLoopback { ProcessHardening.apply(allowsInspection: true) }
        let log = loaded.configuration.log
        let output = LogOutput.bootstrap(format: log.format, level: log.level)
        let registry = MetricsRegistry.bootstrap()
        registry.add(source: ProcessMetrics().families)
        registry.add(source: ProgramMetrics(version: BuildInformation.version, output: output).families)
        let logger = Logger(label: "daemon")
        // Who reads the first line may rely on it that a signal is heard.
        let signals = await OperatorSignal.listen()
        logger.notice("starting", metadata: ["version": "\(BuildInformation.version)"])
        if loaded.configuration.allowsLoopback {
            logger.warning(
                "DEVELOPMENT MODE: plain HTTP to loopback addresses is allowed; never use this on a real server",
                metadata: ["key": "development.allow_loopback"]
            )
        }
        for warning in loaded.warnings {
            logger.warning(
                "configuration names something that is missing; it is used once it is there",
                metadata: ["reason": "\(warning)"]
            )
        }
        ConfigurationMetrics.recordReload(isSuccess: true)
        let daemon = Daemon(
            loader: ConfigurationLoader(environment: environment, purpose: .reload),
            configurationPath: configuration.file,
            output: output,
            registry: registry,
            manager: ServiceManager(environment: environment),
            signals: signals,
            logger: logger
        )
        do throws(DaemonError) {
            try await daemon.run(loaded.configuration)
        } catch {
            logger.critical(
                "the daemon ended because of an error",
                metadata: ["reason": "\(error)", "exit": .stringConvertible(error.status.rawValue)]
            )
            throw error.status.code
        }
    }
}
