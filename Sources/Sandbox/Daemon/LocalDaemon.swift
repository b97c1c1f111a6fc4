internal import ATProtocol
internal import Glibc
internal import Network

/// The real daemon binary, configured for a sandbox network: what the demo and the acceptance tests drive.
public final class LocalDaemon: Sendable {
    /// What the daemon is told beside the addresses of the network.
    public struct Settings: Sendable {
        /// The wire of the first stream host.
        public var wire = SandboxWire.jetstream2
        /// Values that replace or complete the configuration's, by dotted key: `sending.interval` → `0s`.
        public var overrides: [String: String] = [:]
        /// Variables of the environment beside those of the configuration: a library to preload, for one.
        public var environment: [String: String] = [:]
        /// Rules, as the YAML of the `rules` key.
        public var rules = LocalDaemon.exampleRules

        /// Jetstream v2 and the example's rule.
        public init() {}
    }

    /// The collection of the example's change requests.
    public static let collection = "org.example.changeRequest"
    /// The collection of the example's projects.
    public static let projectCollection = "org.example.project"

    private let binary: String
    private let directory: TemporaryDirectory
    private let network: SandboxNetwork
    private let account: SandboxAccount
    private let settings: Settings

    /// A daemon with a configuration and a state directory of its own.
    ///
    /// - Throws: ``SandboxError`` when a file cannot be written.
    public init(
        binary: String,
        network: SandboxNetwork,
        account: SandboxAccount,
        settings: Settings = Settings()
    ) throws(SandboxError) {
        self.binary = binary
        self.network = network
        self.account = account
        self.settings = settings
        directory = try TemporaryDirectory()
        try directory.write(configuration, to: "impact-notifier.yaml")
    }

    /// The daemon that was built beside the running program, or `$IMPACT_NOTIFIER_BINARY`.
    public static var builtBinary: String? {
        if let path = unsafe getenv("IMPACT_NOTIFIER_BINARY") { return unsafe String(cString: path) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let folder = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "/").dropLast()
        let path = "/" + (folder + ["impact-notifier"]).joined(separator: "/")
        return unsafe access(path, X_OK) == 0 ? path : nil
    }

    /// The folder of configuration and state.
    public var folder: String { directory.path }

    /// The configuration file.
    public var configurationPath: String { directory.path + "/impact-notifier.yaml" }

    /// The state directory; the daemon makes it.
    public var statePath: String { directory.path + "/state" }

    /// Writes the configuration again with more lines behind it.
    ///
    /// - Throws: ``SandboxError``.
    public func extendConfiguration(_ text: String) throws(SandboxError) {
        try directory.write(configuration + text, to: "impact-notifier.yaml")
    }

    /// Writes the configuration again with one of its lines changed.
    ///
    /// - Throws: ``SandboxError``.
    public func changeConfiguration(_ line: String, to other: String) throws(SandboxError) {
        try directory.write(configuration.replacing(line, with: other), to: "impact-notifier.yaml")
    }

    /// Replaces a file of the state directory, mode 0600.
    ///
    /// - Throws: ``SandboxError``.
    public func replaceState(_ name: String, _ text: String) throws(SandboxError) {
        try directory.write(text, to: "state/\(name)")
    }

    /// Starts the program with a command, its arguments and `--config`, on a terminal if wanted.
    ///
    /// - Throws: ``SandboxError``.
    public func start(
        _ command: String,
        _ arguments: [String] = [],
        hasTerminal: Bool = false
    ) throws(SandboxError) -> ChildProcess {
        try start(arguments: [command, "--config", configurationPath] + arguments, hasTerminal: hasTerminal)
    }

    /// Starts the program with just these arguments; the configuration is named by the environment.
    ///
    /// What it prints is also appended to the file that `$IMPACT_NOTIFIER_DAEMON_LOG` names.
    ///
    /// - Throws: ``SandboxError``.
    public func start(arguments: [String], hasTerminal: Bool = false) throws(SandboxError) -> ChildProcess {
        var environment = [
            "PATH": "/usr/bin:/bin", "HOME": directory.path, "IMPACT_NOTIFIER_CONFIG": configurationPath,
        ]
        for (key, value) in settings.overrides {
            environment["IMPACT_NOTIFIER_" + key.replacing(".", with: "_").uppercased()] = value
        }
        environment.merge(settings.environment) { $1 }
        // What a terminal echoes was typed by the test.
        let log = hasTerminal ? nil : unsafe getenv("IMPACT_NOTIFIER_DAEMON_LOG").map { unsafe String(cString: $0) }
        return try ChildProcess(
            binary,
            arguments,
            environment: environment,
            copyingTo: log,
            hasTerminal: hasTerminal
        )
    }

    /// Starts `run`.
    ///
    /// - Throws: ``SandboxError``.
    public func run() throws(SandboxError) -> ChildProcess { try start("run") }

    /// Logs the account in: starts `login`, opens the address that it prints, and waits for its end.
    ///
    /// - Returns: what the command printed.
    /// - Throws: ``SandboxError`` when it prints no address, or does not end with status 0.
    @discardableResult
    public func logIn(within timeout: Duration = .seconds(30)) async throws(SandboxError) -> [String] {
        let login = try start("login")
        let page = network.authorizationServerURL.with(path: "/oauth/authorize").description
        let line = await login.line(within: timeout) { $0.contains(page) }
        guard let line, let start = line.firstRange(of: page)?.lowerBound else {
            login.signal(SIGKILL)
            throw SandboxError("“login” printed no address: \(login.output.suffix(5).joined(separator: " | "))")
        }
        let address = String(line[start...].prefix { $0 != " " })
        do { _ = try await Browser().open(try WebURL(address)) } catch {
            login.signal(SIGKILL)
            throw SandboxError("\(error)")
        }
        let ending = await login.ended(within: timeout)
        guard ending == .exited(0) else {
            throw SandboxError("“login” ended with \(ending): \(login.output.suffix(5).joined(separator: " | "))")
        }
        return login.output
    }

    private var configuration: String {
        """
        account: \(account.did)
        state_directory: \(statePath)
        stream:
          hosts: [\(network.streamHosts.map { "\"\($0.url(settings.wire))\"" }.joined(separator: ", "))]
          sweep_directories: [\(network.streamHosts.map { "\"\($0.directory)\"" }.joined(separator: ", "))]
        identity:
          plc_directory: \(network.plcURL)
          appview: \(network.appViewURL)
        session:
          kind: loopback
        policy:
          recipients: anyone
          author_hourly_limit: 100000
          author_burst: 100000
          owner_hourly_limit: 100000
          owner_daily_limit: 100000
        sending:
          interval: 0s
          daily_limit: 1000000
          settle: 2s
          first_wait: 200ms
          maximum_wait: 2s
          first_limit_wait: 500ms
          maximum_limit_wait: 2s
          answers_interval: 5s
          probe_interval: 1s
        digest:
          maximum_listed: 1
        lookup:
          first_wait: 200ms
          maximum_wait: 2s
        status:
          listen: "off"
        development:
          allow_loopback: true
        rules:
        \(settings.rules)

        """
    }

    /// One rule for ``collection`` whose message shows the request's title.
    public static let exampleRules = """
          - name: change-request
            collections: [\(collection)]
            reference_paths: [subject.uri, subject]
            project_collections: [\(projectCollection)]
            project_name_path: name
            link: "https://example.org/{{project.did}}/{{project.rkey}}/{{request.rkey}}"
            message: "{{author.name}} asks for a change of {{project.name}}: “{{record.title | truncate: 80}}”"
        """

    /// A rule for issues that name a repository by a DID of its own, whose owner the index of a network knows.
    public static func repositoryRules(_ network: SandboxNetwork) -> String {
        """
          - name: repository-issues
            collections: [\(repositoryIssues)]
            reference_paths: [repo]
            accepts: [did]
            project_collections: [sh.tangled.repo]
            owner_from: index
            index: &index
              query: \(network.indexURL.origin)/xrpc/sh.tangled.repo.getRepoByRepoDid?repoDid={{reference}}
              record: uri
              confirmed_by: repoDid
            message: "{{author.name}} wrote to {{project.name}}: “{{record.title | truncate: 80}}”"
        """
    }

    /// The collection of issues that name a repository by a DID of its own.
    public static let repositoryIssues = "sh.tangled.repo.issue"
}
