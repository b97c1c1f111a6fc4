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

    /// The path of the configuration when the command line names none.
    ///
    /// `IMPACT_NOTIFIER_CONFIG`, then systemd's `CONFIGURATION_DIRECTORY`, then `/etc`.
    var defaultPath: String { environment["IMPACT_NOTIFIER_CONFIG"] ?? path(of: Self.firstInstance) }

    /// The path of the configuration of an instance.
    func path(of instance: String) -> String {
        let folder = environment["CONFIGURATION_DIRECTORY"].map { $0.prefix { $0 != ":" } } ?? "/etc/impact-notifier"
        return "\(folder)/\(instance).yaml"
    }

    /// Whether a file is the configuration that `--instance`, or nothing, means, and no draft elsewhere.
    func isInPlace(_ path: String) -> Bool {
        let place = self.path(of: ConfiguredFiles.instance(of: path) ?? Self.firstInstance)
        return StateDirectory.resolve(place) == StateDirectory.resolve(path)
    }

    /// The instance whose configuration a file is; nil for the first one's, and for drafts.
    func instance(of path: String) -> String? { isInPlace(path) ? ConfiguredFiles.instance(of: path) : nil }

    /// What the configuration file of the first, or only, bot of a machine is called.
    static let firstInstance = "impact-notifier"

    /// What was read, and where each value came from.
    struct Loaded {
        var configuration: Configuration
        var entries: [ConfigurationRecord.Entry]
    }

    /// Reads the file.
    ///
    /// - Throws: ``ConfigurationError`` with every problem at once.
    func load(path: String) throws(ConfigurationError) -> Loaded {
        let record = ConfigurationRecord(environment: environment)
        let document = section(of: path, record: record)
        // Of a file that cannot be read nobody wants to hear which keys it lacks.
        guard record.issues.isEmpty else { throw ConfigurationError(issues: record.issues) }
        let configuration = configuration(from: document, path: path, record: record)
        document.flagUnknownKeys()
        record.flagUnusedVariables(except: ["IMPACT_NOTIFIER_CONFIG"])
        guard let configuration, record.issues.isEmpty else { throw ConfigurationError(issues: record.issues) }
        return Loaded(configuration: configuration, entries: record.entries)
    }

    private func configuration(
        from document: ConfigurationSection,
        path: String,
        record: ConfigurationRecord
    ) -> Configuration? {
        let account = document.required("account", expected: "the sender's DID or handle") { text in
            if text.hasPrefix("did:") { return (try? DID(text)).map(ATURI.Authority.did) }
            return (try? Handle(text)).map(ATURI.Authority.handle)
        }
        let files = ConfiguredFiles(configuration: path, environment: environment)
        let instance = instance(of: path)
        let stateDirectory = document.text("state_directory", default: files.stateDirectory)
        let development = document.section("development")
        let allowsLoopback = development.flag("allow_loopback", default: false)
        let network = document.section("network")
        let authorities = network.optional("certificate_authority_file", expected: "the path of a PEM file") { $0 }
        let rules = rules(document, files: files, record: record)
        let proxy = proxy(record)
        let stream = document.section("stream")
        var streamConfiguration = streamConfiguration(
            stream,
            rules: rules,
            authorities: authorities,
            proxy: proxy,
            allowsLoopback: allowsLoopback
        )
        let relays = ["us-east", "us-west"].compactMap { try? WebURL("https://relay1.\($0).bsky.network") }
        let sweepDirectories = stream.list(
            "sweep_directories",
            default: relays,
            expected: "the https:// origin of a relay"
        ) { Self.origin($0, allowsLoopback) }
        let identity = document.section("identity")
        let plcDirectory = origin(identity, "plc_directory", "https://plc.directory", allowsLoopback)
        let appView = origin(identity, "appview", "https://public.api.bsky.app", allowsLoopback)
        let session = session(document.section("session"), files)
        var delivery = DeliverySection(document: document, locateSecret: files.secret)
            .configuration(rules: rules, appView: appView, allowsLoopback: allowsLoopback)
        // What is older is told to nobody.
        streamConfiguration.doubtMargin = delivery.policy.maximumAge
        delivery.lookup.provesBeforeSending =
            stream.flag("verify_before_send", default: delivery.lookup.provesBeforeSending)
        for problem in delivery.problems where record.issues.isEmpty {
            record.add(ConfigurationIssue(source: path, place: nil, key: "", message: problem))
        }
        let log = document.section("log")
        let logging = Configuration.Log(
            level: log.choice("level", default: Logger.Level.info),
            format: log.choice("format", default: .logfmt)
        )
        let status = status(document.section("status"), isAlone: instance == nil)
        guard let account, let plcDirectory, let appView else { return nil }
        return Configuration(
            account: account,
            stateDirectory: StateDirectory.resolve(stateDirectory),
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

    private func streamConfiguration(
        _ section: ConfigurationSection,
        rules: [Rule],
        authorities: String?,
        proxy: ProxySettings,
        allowsLoopback: Bool
    ) -> StreamConfiguration {
        let defaults = ["us-east", "us-west"].compactMap { region in
            try? WebURL("wss://jetstream.\(region).bsky.network/xrpc/network.bsky.jetstream.subscribeEvents")
        }
        let hosts = section.list(
            "hosts",
            default: defaults,
            expected: "a wss:// URL of a Jetstream or a relay"
        ) { text -> WebURL? in
            guard let url = try? WebURL(text) else { return nil }
            return url.scheme == .wss || (url.scheme == .ws && allowsLoopback && url.isLoopback) ? url : nil
        }
        if hosts.isEmpty { section.flag("hosts", "at least one host is needed") }
        let collections = Set(rules.flatMap { $0.collections + $0.confirmingCollections }).sorted { $0.text < $1.text }
        var stream = StreamConfiguration(hosts: hosts, collections: collections, allowsLoopback: allowsLoopback)
        stream.initialMargin = section.duration(
            "initial_margin",
            default: stream.initialMargin,
            in: .zero ... .seconds(86_400)
        )
        stream.stallTimeout = section.duration(
            "stall_timeout",
            default: stream.stallTimeout,
            in: .seconds(5) ... .seconds(3600)
        )
        stream.parallelHosts = section.integer("parallel_hosts", default: stream.parallelHosts, in: 1...4)
        let names = Set(hosts.map(\.authority))
        if stream.parallelHosts > max(1, names.count) {
            section.flag("parallel_hosts", "there are only \(names.count) different hosts under “hosts”")
        }
        stream.missWindow = section.duration(
            "miss_window",
            default: stream.missWindow,
            in: .seconds(1) ... .seconds(3600)
        )
        stream.coalesce = section.duration("coalesce", default: stream.coalesce, in: .zero ... .milliseconds(80))
        stream.verification = section.value(
            "verify",
            default: stream.verification,
            expected: "off or matched (“all” was taken away: write matched)",
            show: \.rawValue
        ) { StreamConfiguration.Verification(rawValue: $0) }
        stream.userAgent = BuildInformation.userAgent
        stream.recorderDirectory = section.optional("recorder_directory", expected: "a path") { $0 }
        stream.certificateAuthorities = authorities
        stream.proxy = proxy
        return stream
    }

    private func session(_ section: ConfigurationSection, _ files: ConfiguredFiles) -> Configuration.Session {
        func path(_ key: String) -> String? { section.optional(key, expected: "a path") { $0 }.map(files.secret) }
        func url(_ key: String) -> String? {
            section.optional(key, expected: "an https:// URL with a path") { text in
                (try? WebURL(text)).flatMap { $0.scheme == .https && $0.path != "/" ? text : nil }
            }
        }
        let session = Configuration.Session(
            kind: section.choice("kind", default: .loopback),
            clientID: url("client_id"),
            redirectURI: url("redirect_uri"),
            clientKeyFile: path("client_key_file"),
            appPasswordFile: path("app_password_file"),
            encryptionKeyFile: path("encryption_key_file"),
            scope: section.choice("scope", default: .transition),
            loginPort: section.integer("login_port", default: 0, in: 0...65_535)
        )
        switch session.kind {
        case .confidential:
            let needs = [
                ("client_id", session.clientID), ("redirect_uri", session.redirectURI),
                ("client_key_file", session.clientKeyFile),
            ]
            for (key, value) in needs where value == nil {
                section.flag(key, "a confidential client needs it; \(Documentation.oauth.path) has the steps")
            }
        case .appPassword where session.appPasswordFile == nil:
            section.flag("app_password_file", "this session kind reads its app password from a file")
        case .appPassword, .loopback: break
        }
        return session
    }

    private func status(_ section: ConfigurationSection, isAlone: Bool) -> StatusConfiguration {
        let address = section.value(
            "listen",
            // Two bots of one machine cannot share an address, and one must not answer for the other.
            default: isAlone ? StatusAddress("127.0.0.1:9464") : nil,
            expected: "an IP address and a port, or off",
            show: { $0?.description ?? "off" }
        ) { text -> StatusAddress?? in text == "off" ? .some(nil) : StatusAddress(text).map(Optional.some) }
        var status = StatusConfiguration(address: address)
        status.hosts = section.list("hosts", default: [], expected: "a host name without a port") { text in
            KnownHosts.isName(text) ? text : nil
        }
        status.connectionsPerAddress = section.integer(
            "connections_per_address",
            default: status.connectionsPerAddress,
            in: 1...status.limits.connections
        )
        return status
    }

    /// The proxy of the environment, as curl reads it.
    private func proxy(_ record: ConfigurationRecord) -> ProxySettings {
        do { return try ProxySettings(environment: environment) } catch {
            record.add(ConfigurationIssue(source: "https_proxy", place: nil, key: "", message: error.description))
            return .none
        }
    }

    private func origin(
        _ section: ConfigurationSection,
        _ key: String,
        _ fallback: String,
        _ allowsLoopback: Bool
    ) -> WebURL? {
        section.value(
            key,
            default: try? WebURL(fallback),
            expected: "an https:// URL without a path",
            show: { $0?.origin ?? "" }
        ) { text -> WebURL?? in Self.origin(text, allowsLoopback).map(Optional.some) }
    }

    private static func origin(_ text: String, _ allowsLoopback: Bool) -> WebURL? {
        guard let url = try? WebURL(text), url.target == "/" else { return nil }
        return url.scheme == .https || (url.scheme == .http && allowsLoopback && url.isLoopback) ? url : nil
    }

    // MARK: Rules

    /// The rules of a document, its own and those of the files that it names.
    func rules(_ document: ConfigurationSection, files: ConfiguredFiles, record: ConfigurationRecord) -> [Rule] {
        let paths = document.list("rule_files", default: [], expected: "the path of a file of rules") { $0 }
        let problems = record.issues.count
        var sections = document.sections("rules")
        var ruleFiles: [ConfigurationSection] = []
        for path in paths {
            let ruleFile = section(of: files.path(path), record: record)
            let rules = ruleFile.sections("rules")
            if rules.isEmpty, record.issues.count == problems { ruleFile.flag("rules", "the file has no rules") }
            sections += rules
            ruleFiles.append(ruleFile)
        }
        var rules: [Rule] = []
        for section in sections {
            guard let rule = RuleSection(section).rule else { continue }
            if rules.contains(where: { $0.name == rule.name }) {
                section.flag("name", "another rule has the name “\(rule.name)” already")
            }
            rules.append(rule)
        }
        for file in ruleFiles { file.flagUnknownKeys() }
        if sections.isEmpty, record.issues.count == problems {
            document.flag("rules", "at least one rule is needed, here or in a file of rule_files")
        }
        return rules
    }

    /// The document of a file.
    func section(of path: String, record: ConfigurationRecord) -> ConfigurationSection {
        var node: Node?
        do {
            let bytes = try Data(contentsOf: URL(filePath: path))
            guard let text = String(data: bytes, encoding: .utf8) else {
                throw YamlError.dataCouldNotBeDecoded(encoding: .utf8)
            }
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            record.add(ConfigurationIssue(error, in: path))
        } catch {
            record.add(
                ConfigurationIssue(source: path, place: nil, key: "", message: "cannot be read: \(Self.reason(path))")
            )
        }
        return ConfigurationSection(node, path: "", file: path, record: record)
    }

    private static func reason(_ path: String) -> String {
        guard unsafe access(path, R_OK) != 0 else { return "it is no file of text" }
        switch errno {
        case ENOENT: return "there is no such file"
        case EACCES:
            return "permission denied; the daemon's user must be able to: chmod a+r \(path), and a+rx its folder"
        default: return unsafe String(cString: strerror(errno))
        }
    }
}

extension ConfigurationIssue {
    /// A problem that the YAML parser found.
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
