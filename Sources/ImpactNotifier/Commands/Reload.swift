internal import ATProtocol
internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import Network
internal import Notifier

/// The command `reload`: makes the running daemon read its configuration again, and prints the outcome.
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets the running daemon read its configuration again, and waits until it is in force.",
        discussion: """
            Ends with status 0 when the new configuration is in force, and with 78 and every problem when it was refused and \
            the old one stays. The unit's ExecReload is this command.
            """
    )

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var output: OutputOption

    /// Longer than messages under way take to finish, and shorter than the unit's TimeoutStartSec.
    private static let patience: Duration = .seconds(55)

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let loaded = Result { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: environment).load(path: configuration.file)
        }
        // The daemon itself refuses a file that is wrong or names another state, and says so in its log, too.
        let files = ConfiguredFiles(configuration: configuration.file, environment: environment)
        let written = (try? loaded.get())?.configuration.stateDirectory
        let places = [written, StateDirectory.resolve(files.stateDirectory)].compactMap(\.self)
        for place in places { try enter(place) }
        guard let (directory, daemon) = places.lazy.compactMap({ Self.daemon(in: $0, environment) }).first else {
            if case .failure(let error) = loaded { throw fail(error.description, .configuration) }
            throw fail(
                "No daemon runs on the state in \(places[0]); start it: it reads the configuration at its start.",
                .unavailable
            )
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
        throw fail("The daemon has not answered within \(Self.patience.wholeSeconds) s.", .temporaryFailure)
    }

    /// Tells the user; not under the unit, whose journal already has the daemon's own line.
    private func tell(_ outcome: ReloadOutcome) throws {
        let isJournal = LogOutput.isConnectedToJournal(STDERR_FILENO)
        guard outcome.configuration == StateDirectory.resolve(configuration.file) else {
            throw fail(
                "The daemon on this state reads another configuration: \(outcome.configuration).",
                .configuration
            )
        }
        let isInForce = outcome.problems.isEmpty
        if output.json {
            let problems = outcome.problems.map { JSONValue.string($0) }
            output.show(["in_force": .bool(isInForce), "problems": .array(problems)], [])
        } else if !isJournal {
            for problem in outcome.problems { StandardOutput.printError(problem) }
            if isInForce { StandardOutput.print("The new configuration is in force.") }
            if !isInForce { StandardOutput.printError("The daemon keeps the old configuration.") }
        }
        guard isInForce else { throw ExitStatus.configuration.code }
    }

    private func enter(_ directory: String) throws {
        do { try StateDirectory.enter(directory, for: .looking) } catch { throw fail("\(error)", .cannotCreate) }
    }

    /// The daemon that uses a state directory.
    ///
    /// It is the unit's own, or has our program's name: the lock may belong to another container, whose process numbers
    /// mean nothing here. (The unit's sandbox hides the names of processes.)
    private static func daemon(in directory: String, _ environment: [String: String]) -> (String, Int32)? {
        guard let process = Ledger.daemon(in: directory) else { return nil }
        func name(_ process: String) -> Data? { try? Data(contentsOf: URL(filePath: "/proc/\(process)/comm")) }
        let own = name("self")
        guard environment["MAINPID"] == "\(process)" || own != nil && name("\(process)") == own else { return nil }
        return (directory, process)
    }

    private func fail(_ sentence: String, _ status: ExitStatus) -> ExitCode {
        CommandLog.report(sentence, as: "reload failed", .error, of: "reload")
        return status.code
    }
}
