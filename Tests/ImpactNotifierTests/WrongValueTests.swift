import Firehose
import FoundationEssentials
import Glibc
import Network
import Notifier
import OAuth
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

/// Every key with every wrong kind of value: check and the start refuse it alike and where it stands, or what comes of it can
/// run.
@Suite struct `A wrong value` {
    private static let rules = """
        rules:
          - {name: r, collections: [org.example.changeRequest], reference_paths: [subject], message: Hello}

        """
    private static let account = "account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa\n"
    private static let head = account + "state_directory: state\n"

    private static let values: [(what: String, yaml: String)] = [
        ("nothing", ""), ("null", "~"), ("an empty text", "''"), ("a blank text", "' '"), ("a word", "nonsense"),
        ("a number", "7"), ("zero", "0"), ("a negative number", "-1"), ("a fraction", "1.5"),
        ("a huge number", "99999999999999999999"), ("a negative duration", "-5s"), ("no duration", "0s"),
        ("a huge duration", "999999999d"), ("a switch", "true"), ("an empty list", "[]"), ("a list", "[1, x]"),
        ("a list of lists", "[[]]"), ("an empty mapping", "{}"), ("a mapping", "{a: b}"), ("a NUL", "\"a\\0b\""),
        ("a line end", "\"a\\nb\""), ("a direction mark", "\"\\u202E\""), ("plain HTTP", "http://a.test/"),
        ("a URL with a query", "'https://a.test/x?y'"), ("a URL with a fragment", "'https://a.test/#x'"),
        ("a URL with a password", "'https://u:p@a.test/'"), ("a long text", String(repeating: "x", count: 20_000)),
    ]

    private func load(
        _ text: String,
        for purpose: ConfigurationLoader.Purpose,
        in directory: TemporaryDirectory
    ) throws -> Result<ConfigurationLoader.Loaded, ConfigurationError> {
        let path = try directory.write(text, to: "impact-notifier.yaml")
        return Result { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: ["PATH": "/usr/bin:/bin"], purpose: purpose).load(path: path)
        }
    }

    private func text(_ key: String, _ value: String) -> String {
        let parts = key.split(separator: ".").map(String.init)
        let head = ["account": "state_directory: state\n", "state_directory": Self.account][key] ?? Self.head
        let rules = key.hasPrefix("rule") ? "" : Self.rules
        guard parts.count == 2 else { return head + rules + "\(key): \(value)\n" }
        return head + rules + "\(parts[0]):\n  \(parts[1]): \(value)\n"
    }

    private func keys() throws -> [String] {
        let loaded = try load(Self.head + Self.rules, for: .start, in: TemporaryDirectory()).get()
        let entries = loaded.entries.map(\.key)
        let sections = Set(entries.compactMap { $0.split(separator: ".").first.map(String.init) })
        return entries.filter { !$0.hasPrefix("rules[") } + sections.filter { !$0.contains("[") }.sorted() + [
            "rules", "outputs",
        ]
    }

    @Test func `is refused where it stands, or can run`() throws {
        let keys = try keys()
        #expect(keys.count > 70)
        for key in keys {
            for (what, value) in Self.values { try judge(text(key, value), "\(key) is \(what)") }
        }
    }

    @Test(arguments: ["address", "compression", "api_key_file", "nonsense"])
    func `in the mapping of a stream host is, too`(key: String) throws {
        for (what, value) in Self.values {
            let rest = key == "address" ? "" : "      address: wss://a.test\n"
            let hosts = "stream:\n  hosts:\n    -\n\(rest)      \(key): \(value)\n"
            try judge(Self.head + Self.rules + hosts, "\(key) of a host is \(what)")
        }
    }

    @Test(arguments: [
        "name", "collections", "except", "operations", "when", "reference_paths", "accepts", "hops", "maximum_projects",
        "project_collections", "owner_from", "owner_field", "index", "tell", "maximum_people", "collaborators",
        "subscribers", "group_collections", "project_name_path", "require_project_record", "silence", "link", "message",
        "nonsense",
    ]) func `in a rule is, too`(key: String) throws {
        var rule = [
            "name": "r", "collections": "[org.example.changeRequest]", "reference_paths": "[subject]",
            "message": "Hello",
        ]
        for (what, value) in Self.values {
            rule[key] = value
            let lines = rule.map { "      \($0.key): \($0.value)\n" }.sorted().joined()
            try judge(Self.head + "rules:\n    -\n" + lines, "\(key) of a rule is \(what)")
        }
    }

    @Test(arguments: [
        ("when", "field: VALUE, exists: true"), ("when", "field: a, equals: VALUE"),
        ("when", "field: a, one_of: VALUE"), ("when", "field: a, exists: VALUE"),
        ("hops", "through: VALUE, reference_paths: [a]"),
        ("hops", "through: [org.example.comment], reference_paths: VALUE"),
        ("hops", "through: [org.example.comment], reference_paths: [a], accepts: VALUE"),
        ("index", "query: VALUE, record: uri, confirmed_by: did"),
        ("index", "query: 'https://a.test/?q={{reference}}', record: VALUE, confirmed_by: did"),
        ("index", "query: 'https://a.test/?q={{reference}}', record: uri, confirmed_by: VALUE"),
        ("index", "query: 'https://a.test/?q={{reference}}', record: uri, confirmed_by: did, collections: VALUE"),
        ("collaborators", "granted_by: VALUE, reference_paths: [a]"),
        ("collaborators", "granted_by: [org.example.grant], reference_paths: VALUE"),
        ("collaborators", "granted_by: [org.example.grant], reference_paths: [a], person: VALUE"),
        ("collaborators", "query: VALUE, people: did, granted_by: [org.example.grant], reference_paths: [a]"),
        (
            "collaborators",
            "query: 'https://a.test/?q={{reference}}', people: VALUE, accepted_by: [org.example.job], reference_paths: [a]"
        ),
        (
            "collaborators",
            "query: 'https://a.test/?q={{reference}}', people: did, accepted_by: VALUE, reference_paths: [a]"
        ),
        ("subscribers", "collections: VALUE, reference_paths: [a]"),
        ("subscribers", "collections: [org.example.wish], reference_paths: VALUE"),
        ("subscribers", "collections: [org.example.wish], reference_paths: [a], only: VALUE"),
    ]) func `within a key of a rule is, too`(key: String, members: String) throws {
        let others = [
            "index": ", owner_from: index, project_collections: [org.example.project]",
            "collaborators": ", tell: [owner, collaborators]", "subscribers": ", tell: [subscribers]",
        ][key]
        for (what, value) in Self.values {
            let mapping = "{\(members.replacing("VALUE", with: value))}"
            let written = others == nil ? "[\(mapping)]" : mapping
            let end = "\(others ?? ""), message: Hello, \(key): \(written)}"
            let rule = Self.rules.replacing(", message: Hello}", with: end)
            try judge(Self.head + rule, "\(members) is \(what)")
        }
    }

    @Test(arguments: [
        ("name", "file: a.jsonl"), ("file", "name: a"), ("command", "name: a"), ("occasions", "name: a\n      file: b"),
        ("webhook", "name: a\n      secret_file: ./secret"),
        ("secret_file", "name: a\n      webhook: 'https://a.test/'"), ("nonsense", "name: a\n      file: b"),
    ]) func `in an output is, too`(key: String, rest: String) throws {
        for (what, value) in Self.values {
            let outputs = "outputs:\n    -\n      \(rest)\n      \(key): \(value)\n"
            try judge(Self.head + Self.rules + outputs, "\(key) of an output is \(what)")
        }
    }

    private func judge(_ text: String, _ what: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("secret\n", to: "secret")
        let (check, start) = try (load(text, for: .check, in: directory), load(text, for: .start, in: directory))
        let (found, refused) = (issues(check), issues(start))
        for issue in found {
            let isAbsent = issue.key == "account" || issue.key == "rules"
            #expect(issue.place != nil || isAbsent, "\(what): \(issue)")
            #expect(!issue.key.isEmpty && !issue.message.isEmpty, "\(what): \(issue)")
        }
        let count = Set(found.map { "\($0.key) \($0.message)" }).count
        #expect(count == found.count, "\(what): \(found)")
        #expect(refused.allSatisfy(found.contains), "\(what): \(refused), but not \(found)")
        guard case .success(let loaded) = start else { return }
        // The state directory has an exit status of its own.
        let missed = found.filter { $0.key != "state_directory" }
        #expect(missed == loaded.warnings, "\(what)")
        try runs(loaded.configuration, what)
        if found.isEmpty { delivers(loaded.configuration.delivery.outputs, what) }
        withExtendedLifetime(directory) {}
    }

    private func issues(_ outcome: Result<ConfigurationLoader.Loaded, ConfigurationError>) -> [ConfigurationIssue] {
        guard case .failure(let error) = outcome else { return [] }
        return error.issues
    }

    /// What the outputs do first with what check has nothing against.
    private func delivers(_ outputs: [OutputConfiguration], _ what: String) {
        for output in outputs {
            switch output.channel {
            case .file(let path):
                let file = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
                #expect(file >= 0, "\(what)")
                close(file)
            case .command(let words): #expect(words.first?.isEmpty == false, "\(what)")
            case .webhook(let url, let secret): #expect(url.scheme == .https && !secret.isEmpty, "\(what)")
            }
        }
    }

    /// What the parts of the daemon ask of their settings.
    private func runs(_ configuration: Configuration, _ what: String) throws {
        for host in configuration.stream.hosts {
            #expect(throws: Never.self, "\(what)") {
                try StreamConfiguration.address(of: host.url, allowsLoopback: configuration.allowsLoopback)
            }
        }
        #expect(!configuration.stream.hosts.isEmpty && !configuration.delivery.rules.isEmpty, "\(what)")
        for rule in configuration.delivery.rules {
            #expect(!rule.isBlank && !rule.isLinkTooLong && !rule.collections.isEmpty, "\(what)")
            #expect(!rule.operations.isEmpty && !rule.references.paths.isEmpty, "\(what)")
            #expect(rule.indexAddresses.allSatisfy { $0.address.scheme == .https }, "\(what)")
        }
        #expect(configuration.delivery.contradictions.allSatisfy { $0.isOfBothWritten }, "\(what)")
        for url in configuration.sweepDirectories + [configuration.plcDirectory, configuration.appView] {
            #expect(url.target == "/" && (url.scheme == .https || configuration.allowsLoopback), "\(what)")
        }
        if let id = configuration.session.clientID {
            #expect(SessionConfiguration.objection(toClientID: id) == nil, "\(what)")
        }
        let (sending, lookup, policy) = (
            configuration.delivery.sending, configuration.delivery.lookup, configuration.delivery.policy
        )
        for wait in [sending.firstWait, sending.firstLimitWait, sending.probeInterval, lookup.firstWait] {
            #expect(wait > .zero, "\(what)")
        }
        if let interval = sending.answersInterval { #expect(interval > .zero, "\(what)") }
        #expect(policy.followInterval > .zero && policy.maximumAge > .zero && policy.maximumQueueAge > .zero, "\(what)")
        #expect(configuration.stream.coalesce <= .milliseconds(80), "\(what)")
        #expect(configuration.stateDirectory.hasPrefix("/"), "\(what)")
        #expect(!ConfigurationSummary(configuration).lines.isEmpty, "\(what)")
    }
}
