internal import ATProtocol
internal import ArgumentParser
internal import Glibc
internal import Logging
internal import Network
internal import Notifier
internal import OAuth

/// What the session commands share: the session's configuration, and the clients that they need.
struct SessionServices: Sendable {
    let configuration: Configuration
    let session: SessionConfiguration
    let environment: SessionEnvironment

    /// Whether the state directory exists.
    let hasState: Bool

    /// Enters the state directory and builds the services; resolves a handle.
    ///
    /// - Parameters:
    ///   - configuration: a checked configuration.
    ///   - use: a login may make the state directory; all other commands only read it.
    ///   - logLevel: the level of logs on standard error, besides the command's own output.
    /// - Throws: `ExitCode` after the reason was printed.
    init(
        _ configuration: Configuration,
        for use: StateDirectory.Use = .looking,
        logLevel: Logger.Level = .warning
    ) async throws {
        self.configuration = configuration
        hasState = try configuration.enterState(for: use)
        let services = NetworkServices(configuration, logger: CommandLog.logger("session"))
        do {
            session = configuration.sessionConfiguration(of: try await services.account())
        } catch {
            throw ExitStatus.unavailable.saying("The account cannot be resolved: \(error). Write its DID instead.")
        }
        var environment = services.sessionEnvironment
        environment.logger = CommandLog.logger("session")
        environment.logger.logLevel = logLevel
        self.environment = environment
    }

    /// The login hint for the server: the handle, if the configuration has one.
    var hint: String? {
        guard case .handle(let handle) = configuration.account else { return nil }
        return handle.text
    }

    /// Runs the work of a command; turns its failure into a sentence and an exit status.
    static func run<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch let failure as OAuthError {
            throw failure.exitStatus.saying("\(failure)")
        } catch let failure as SessionError {
            throw ExitStatus.noPermission.saying("\(failure)")
        }
    }
}

extension OAuthError.Code {
    /// Nobody can read what the command prints, which includes the next step.
    static let unread = Self(rawValue: "unread")
}

extension OAuthError {
    fileprivate var exitStatus: ExitStatus {
        switch code {
        case .configuration: .configuration
        case .storage: .cannotCreate
        case .unread: .inputOutput
        case .busy: .temporaryFailure
        case .transport, .identity: .unavailable
        case .notLoggedIn: .noPermission
        default: .failure
        }
    }
}

/// The log of commands: warnings and worse, on standard error.
enum CommandLog {
    static func logger(_ component: String, isJournal: Bool = false) -> Logger {
        let output = LogOutput(format: .logfmt, level: .warning, descriptor: STDERR_FILENO, isJournal: isJournal)
        return Logger(label: component) { LineLogHandler(component: $0, output: output) }
    }

    /// Reports why a command ends: a plain sentence on standard error, or a log line when the journal reads it.
    static func report(_ sentence: String, as message: Logger.Message, _ level: Logger.Level, of component: String) {
        guard LogOutput.isConnectedToJournal(STDERR_FILENO) else { return StandardOutput.printError(sentence) }
        logger(component, isJournal: true).log(level: level, message, metadata: ["reason": "\(sentence)"])
    }
}
