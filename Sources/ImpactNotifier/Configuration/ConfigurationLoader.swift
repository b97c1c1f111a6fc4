internal import ATProtocol
internal import Firehose
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import Network
internal import Notifier
internal import OAuth
internal import Yams

/// Reads a configuration file and the rule files that it names, strictly.
struct ConfigurationLoader {
    /// The environment, for overrides and systemd's directories.
    let environment: [String: String]
    /// What the configuration is read for.
    var purpose = Purpose.command

    /// What a configuration is read for, which decides which of the named files must exist.
    enum Purpose {
        /// A command, which uses a few of the files, or none.
        case command
        /// The daemon's start, which goes on without files that no message needs and that may still be mounted.
        case start
        /// To find everything that the daemon would miss, perhaps as another user than the daemon's.
        case check
        /// By the running daemon, to go on with it.
        case reload

        /// Whether files that no message needs must exist, too.
        var expectsAll: Bool { self == .check || self == .reload }
        /// Whether outputs will be told of anything.
        var delivers: Bool { self == .start || self == .reload }
    }

    /// The path of the configuration when the command line gives none.
    ///
    /// It is `IMPACT_NOTIFIER_CONFIG`, else in systemd's `CONFIGURATION_DIRECTORY`, else in `/etc`.
    var defaultPath: String { environment["IMPACT_NOTIFIER_CONFIG"] ?? path(of: Self.firstInstance) }

    /// The path of the configuration of an instance.
    func path(of instance: String) -> String {
        let folder = environment["CONFIGURATION_DIRECTORY"].map { $0.prefix { $0 != ":" } } ?? "/etc/impact-notifier"
        return "\(folder)/\(instance).yaml"
    }

    /// Whether a file is the installed one that `--instance`, or no option, stands for, and not a draft elsewhere.
    func isInPlace(_ path: String) -> Bool {
        let place = self.path(of: ConfiguredFiles.instance(of: path) ?? Self.firstInstance)
        return StateDirectory.resolve(place) == StateDirectory.resolve(path)
    }

    /// The instance to which a configuration file belongs; nil for the first one, and for drafts.
    func instance(of path: String) -> String? { isInPlace(path) ? ConfiguredFiles.instance(of: path) : nil }

    /// The name of the configuration file of a machine's first or only bot.
    static let firstInstance = "impact-notifier"

    /// A configuration, and where each value came from.
    struct Loaded {
        var configuration: Configuration
        var entries: [ConfigurationProvenance.Entry]
        /// Problems with which the daemon can begin all the same.
        var warnings: [ConfigurationIssue]
    }

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - draft: the future content; nil to read the file.
    /// - Returns: the configuration.
    /// - Throws: ``ConfigurationError`` with every problem at once.
    func load(path: String, draft: String? = nil) throws(ConfigurationError) -> Loaded {
        let provenance = ConfigurationProvenance(environment: environment)
        let document = section(of: path, provenance: provenance, draft: draft)
        // When the file cannot be read, missing keys are not interesting.
        guard provenance.issues.isEmpty else { throw ConfigurationError(issues: provenance.issues) }
        let configuration = configuration(from: document, path: path, provenance: provenance)
        document.flagUnknownKeys()
        provenance.flagUnusedVariables(except: ["IMPACT_NOTIFIER_CONFIG"])
        guard let configuration, provenance.issues.isEmpty else { throw ConfigurationError(issues: provenance.issues) }
        return Loaded(configuration: configuration, entries: provenance.entries, warnings: provenance.warnings)
    }

    private static func hasLedger(_ directory: String) -> Bool {
        unsafe access("\(directory)/ledger.sqlite", F_OK) == 0
    }

    private func configuration(
        from document: ConfigurationSection,
        path: String,
        provenance: ConfigurationProvenance
    ) -> Configuration? {
        let account = document.required(
            "account",
            expected: "the sender's DID or handle",
            objection: ATURI.Authority.objection,
            parse: ATURI.Authority.ofAccount
        )
        var files = ConfiguredFiles(configuration: path, environment: environment, purpose: purpose)
        let instance = instance(of: path)
        let directory = document.value(
            "state_directory",
            default: files.stateDirectory,
            expected: "a path",
            objection: ConfiguredFiles.objection,
            parse: { ConfiguredFiles.objection(to: $0) == nil ? $0 : nil }
        )
        let stateDirectory = StateDirectory.resolve(files.path(directory))
        files.state = stateDirectory
        // With an empty ledger nobody would know what was told.
        let other = StateDirectory.resolve(directory)
        if other != stateDirectory, Self.hasLedger(other), !Self.hasLedger(stateDirectory) {
            document.flag(
                "state_directory",
                "is relative and counts from the configuration's folder: \(stateDirectory) has no ledger, but \(other) has "
                    + "one; write the whole path of the one that is meant"
            )
        }
        if purpose == .check, !document.hasProblem(at: "state_directory"),
            let problem = StateDirectory.obstacle(to: stateDirectory, isNamed: document.has("state_directory"))
        {
            document.flag("state_directory", "\(problem.path) \(problem.reason)")
        }
        let development = document.section("development")
        let allowsLoopback = development.flag("allow_loopback", default: false)
        let network = document.section("network")
        let authorities = network.path("certificate_authority_file", in: files, as: .authorities)
        let rules = rules(document, files: files, provenance: provenance, allowsLoopback: allowsLoopback)
        let proxy = proxy(provenance)
        let stream = document.section("stream")
        let streamSection = StreamSection(section: stream, files: files, allowsLoopback: allowsLoopback)
        var streamConfiguration = streamSection.configuration(rules: rules, authorities: authorities, proxy: proxy)
        let sweepDirectories = streamSection.sweepDirectories()
        let identity = document.section("identity")
        let plcDirectory = identity.origin(
            "plc_directory",
            default: "https://plc.directory",
            allowsLoopback: allowsLoopback
        )
        let appView = identity.origin(
            "appview",
            default: "https://public.api.bsky.app",
            allowsLoopback: allowsLoopback
        )
        let session = SessionSection(section: document.section("session"), files: files).configuration()
        var delivery = DeliverySection(document: document, files: files, allowsLoopback: allowsLoopback)
            .configuration(rules: rules, appView: appView)
        delivery.lookup.directories = sweepDirectories
        // Nobody is told of older records.
        streamConfiguration.doubtMargin = delivery.policy.maximumAge
        delivery.lookup.provesBeforeSending =
            stream.flag("verify_before_send", default: delivery.lookup.provesBeforeSending)
        // A wrong key has its default here, which proves no contradiction.
        let contradictions = delivery.contradictions.filter { contradiction in
            // A bound that is written alone is also compared with the other key's default.
            !contradiction.keys.contains { document.hasProblem(at: $0) }
                && (!contradiction.isOfBothWritten || contradiction.keys.allSatisfy { document.has(at: $0) })
        }
        for contradiction in contradictions {
            let place = contradiction.keys.first { document.has(at: $0) } ?? contradiction.key
            let subject = place == contradiction.key ? "" : contradiction.key + " "
            document.flag(at: place, subject + contradiction.reason)
        }
        let log = document.section("log")
        let logging = Configuration.Log(
            level: log.choice("level", default: Logger.Level.info),
            format: log.choice("format", default: .logfmt)
        )
        let status = status(document.section("status"), files: files, isAlone: instance == nil)
        guard let account, let plcDirectory, let appView else { return nil }
        return Configuration(
            account: account,
            stateDirectory: stateDirectory,
            stream: streamConfiguration,
            sweepDirectories: sweepDirectories,
            plcDirectory: plcDirectory,
            appView: appView,
            session: session,
            delivery: delivery,
            log: logging,
            status: status,
            certificateAuthorityFile: authorities,
            proxy: proxy,
            allowsLoopback: allowsLoopback
        )
    }

    // MARK: Sections

    private func status(
        _ section: ConfigurationSection,
        files: ConfiguredFiles,
        isAlone: Bool
    ) -> StatusConfiguration {
        let address = section.value(
            "listen",
            // Two bots on one machine cannot share an address, and one must not answer for the other.
            default: isAlone ? StatusAddress("127.0.0.1:9464") : nil,
            expected: "an IP address and a port, or off",
            show: { $0?.description ?? "off" }
        ) { text -> StatusAddress?? in text == "off" ? .some(nil) : StatusAddress(text).map(Optional.some) }
        if purpose.expectsAll, let address, let reason = ListeningSocket.obstacle(at: address.socketAddress) {
            section.flag(
                "listen",
                "\(address) cannot be listened at: \(reason); it takes an address of this machine, and a port that the "
                    + "daemon's user may have"
            )
        }
        var status = StatusConfiguration(address: address)
        status.hosts = section.list("hosts", default: [], expected: "a host name without a port") { text in
            KnownHosts.isName(text) ? text : nil
        }
        status.connectionsPerAddress = section.integer(
            "connections_per_address",
            default: status.connectionsPerAddress,
            in: 1...status.limits.connections
        )
        let before = section.problemCount
        status.requestsTokenFile = section.path("requests_token_file", in: files, as: .bearerToken)
        guard let file = status.requestsTokenFile, section.problemCount == before else { return status }
        guard address != nil else {
            section.flag("requests_token_file", "nobody can show a token where nothing listens; set status.listen, too")
            return status
        }
        guard files.purpose.delivers else { return status }
        do throws(OAuthError) { status.requestsToken = try BearerToken(file: file) } catch {
            section.flag("requests_token_file", error.sentence)
        }
        return status
    }

    /// The proxy from the environment.
    private func proxy(_ provenance: ConfigurationProvenance) -> ProxySettings {
        do { return try ProxySettings(environment: environment) } catch {
            provenance.add(ConfigurationIssue(source: error.variable, place: nil, key: "", message: error.reason))
            return .none
        }
    }

    // MARK: Rules

    /// The rules of a document: its own, and those of the files that it names.
    func rules(
        _ document: ConfigurationSection,
        files: ConfiguredFiles,
        provenance: ConfigurationProvenance,
        allowsLoopback: Bool = true
    ) -> [Rule] {
        let paths = document.list(
            "rule_files",
            default: [],
            expected: "the path of a file of rules",
            objection: ConfiguredFiles.objection
        ) { ConfiguredFiles.objection(to: $0) == nil ? $0 : nil }
        let problems = provenance.issues.count
        var sections = document.sections("rules")
        var ruleFiles: [ConfigurationSection] = []
        for (index, path) in paths.map(files.path).enumerated() {
            guard unsafe access(path, R_OK) == 0 else {
                document.flag("rule_files[\(index)]", "\(path) cannot be read: \(Self.reason(path))")
                continue
            }
            let ruleFile = section(of: path, provenance: provenance)
            let rules = ruleFile.sections("rules")
            if rules.isEmpty, provenance.issues.count == problems { ruleFile.flag("rules", "the file has no rules") }
            sections += rules
            ruleFiles.append(ruleFile)
        }
        var rules: [Rule] = []
        for section in sections {
            guard let rule = RuleSection(section, allowsLoopback: allowsLoopback).rule else { continue }
            if rules.contains(where: { $0.name == rule.name }) {
                section.flag("name", "another rule has the name '\(rule.name)' already")
            }
            rules.append(rule)
        }
        for file in ruleFiles { file.flagUnknownKeys() }
        if sections.isEmpty, provenance.issues.count == problems {
            document.flag("rules", "at least one rule is needed, here or in a file of rule_files")
        }
        return rules
    }

    /// The document of a file, or of its future content.
    func section(of path: String, provenance: ConfigurationProvenance, draft: String? = nil) -> ConfigurationSection {
        var node: Node?
        do {
            let bytes = try draft.map { Data($0.utf8) } ?? Data(contentsOf: URL(filePath: path))
            guard let text = String(data: bytes, encoding: .utf8) else {
                throw YamlError.dataCouldNotBeDecoded(encoding: .utf8)
            }
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            provenance.add(ConfigurationIssue(error, in: path))
        } catch {
            provenance.add(
                ConfigurationIssue(source: path, place: nil, key: "", message: "cannot be read: \(Self.reason(path))")
            )
        }
        return ConfigurationSection(node, path: "", file: path, provenance: provenance)
    }

    private static func reason(_ path: String) -> String {
        guard unsafe access(path, R_OK) != 0 else { return "it is no file of text" }
        switch errno {
        case ENOENT:
            return path.contains("*") ? "patterns are not understood; name each file" : "there is no such file"
        case EACCES:
            return "permission denied; the daemon's user must be able to: chmod a+r \(path), and a+rx its folder"
        default: return unsafe String(cString: strerror(errno))
        }
    }
}

extension ConfigurationIssue {
    /// A problem that the YAML parser has found.
    init(_ error: YamlError, in path: String) {
        let (place, message): (Place?, String) =
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                (
                    Place(line: mark.line, column: mark.column),
                    "not valid YAML: \(problem); texts with brackets, braces or a colon need quotes, and lines begin with "
                        + "spaces, not tabs"
                )
            case .duplicatedKeysInMapping(let duplicates, let context):
                (
                    Place(line: context.mark.line, column: context.mark.column),
                    "a key is written twice: \(duplicates.joined(separator: ", "))"
                )
            default: (nil, "not valid YAML")
            }
        self.init(source: path, place: place, key: "", message: message)
    }
}
