import Firehose
import FoundationEssentials
import Network
import Notifier
import OAuth
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

/// Every key with every wrong kind of value: it is refused where it stands, or what comes of it can run.
@Suite struct `A wrong value` {
    private static let rules = """
        rules:
          - {name: r, collections: [org.example.changeRequest], reference_paths: [subject], message: Hello}

        """
    private static let account = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"

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

    private func load(_ text: String) throws -> Result<ConfigurationLoader.Loaded, ConfigurationError> {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "impact-notifier.yaml")
        return Result { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: ["PATH": "/usr/bin:/bin"], purpose: .reload).load(path: path)
        }
    }

    private func text(_ key: String, _ value: String) -> String {
        let parts = key.split(separator: ".").map(String.init)
        let account = key == "account" ? "" : "account: \(Self.account)\n"
        let rules = key.hasPrefix("rule") ? "" : Self.rules
        guard parts.count == 2 else { return account + rules + "\(key): \(value)\n" }
        return account + rules + "\(parts[0]):\n  \(parts[1]): \(value)\n"
    }

    private func keys() throws -> [String] {
        let entries = try load("account: \(Self.account)\n" + Self.rules).get().entries.map(\.key)
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
            try judge("account: \(Self.account)\n" + Self.rules + hosts, "\(key) of a host is \(what)")
        }
    }

    private func judge(_ text: String, _ what: String) throws {
        switch try load(text) {
        case .success(let loaded): try runs(loaded.configuration, what)
        case .failure(let error):
            for issue in error.issues {
                let isAbsent = issue.key == "account" || issue.key == "rules"
                #expect(issue.place != nil || isAbsent, "\(what): \(issue)")
                #expect(!issue.key.isEmpty && !issue.message.isEmpty, "\(what): \(issue)")
            }
            let count = Set(error.issues.map { "\($0.key) \($0.message)" }).count
            #expect(count == error.issues.count, "\(what): \(error)")
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
