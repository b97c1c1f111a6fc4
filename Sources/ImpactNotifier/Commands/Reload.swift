internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import Notifier

/// `reload`: lets the running daemon read its configuration again, and tells what came of it.
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets the running daemon read its configuration again, and waits until it is in force.",
        discussion: """
            Ends with status 0 when the new configuration is in force, and with 78 and every problem when it was refused and \
            the old one stays. The unit's ExecReload is this command.
            """
    )

    @OptionGroup var configuration: ConfigurationOption

    /// Longer than messages under way may take to end, shorter than the unit's TimeoutStartSec.
    private static let patience: Duration = .seconds(55)

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let loaded = Result { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: environment).load(path: configuration.file)
        }
        // A file that is wrong is refused by the daemon, which says so in its log, too.
        let written = (try? loaded.get())?.configuration.stateDirectory
        let files = ConfiguredFiles(configuration: configuration.file, environment: environment)
        let directory = written ?? StateDirectory.resolve(files.stateDirectory)
        try enter(directory)
        guard let daemon = Ledger.daemon(in: directory), Self.isOurs(daemon, environment) else {
            if case .failure(let error) = loaded { throw fail(error.description, .configuration) }
            throw fail("No daemon runs on the state in \(directory).", .unavailable)
        }
        let askedAt = ReloadOutcome.now
        guard kill(daemon, SIGHUP) == 0 else {
            throw fail("Process \(daemon) cannot be told: \(unsafe String(cString: strerror(errno))).", .noPermission)
        }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let outcome = ReloadOutcome(in: directory), outcome.readAt >= askedAt {
                return try tell(outcome)
            }
            guard Ledger.daemon(in: directory) == daemon else {
                throw fail("The daemon ended; its log says why.", .unavailable)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw fail("The daemon has not answered within \(Self.patience.components.seconds) s.", .temporaryFailure)
    }

    /// Tells whoever asked; under the unit that is the journal, where the daemon has told it already.
    private func tell(_ outcome: ReloadOutcome) throws {
        let isJournal = LogOutput.isConnectedToJournal(STDERR_FILENO)
        guard outcome.problems.isEmpty else {
            for problem in outcome.problems where !isJournal { StandardOutput.printError(problem) }
            if !isJournal { StandardOutput.printError("The daemon keeps the old configuration.") }
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        if !isJournal { StandardOutput.print("The new configuration is in force.") }
    }

    private func enter(_ directory: String) throws {
        do { try StateDirectory.enter(directory, for: .looking) } catch { throw fail("\(error)", .cannotCreate) }
    }

    /// Whether a process is the unit's, or has our program's name: the lock may be another container's, whose numbers mean
    /// nothing here. (The unit's sandbox hides the names of processes.)
    private static func isOurs(_ process: Int32, _ environment: [String: String]) -> Bool {
        guard environment["MAINPID"] != "\(process)" else { return true }
        func name(_ process: String) -> Data? { try? Data(contentsOf: URL(filePath: "/proc/\(process)/comm")) }
        let own = name("self")
        return own != nil && name("\(process)") == own
    }

    private func fail(_ sentence: String, _ status: ExitStatus) -> ExitCode {
        StandardOutput.printError(sentence)
        return ExitCode(status.rawValue)
    }
}
