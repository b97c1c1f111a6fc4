import ATProtocol
import Firehose
import Notifier
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

@Suite struct `A configuration` {
    private static let valid = """
        account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
        rules:
          - name: requests
            collections: [org.example.changeRequest]
            reference_paths: [subject.uri]
            message: "Somebody wrote a change request."
        """

    private func load(
        _ text: String,
        environment: [String: String] = [:]
    ) throws -> Result<ConfigurationLoader.Loaded, ConfigurationError> {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "impact-notifier.yaml")
        return Result { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: environment).load(path: path)
        }
    }

    private func problems(_ text: String, environment: [String: String] = [:]) throws -> [String] {
        switch try load(text, environment: environment) {
        case .success: []
        case .failure(let error): error.issues.map { "\($0.place?.line ?? 0): \($0.key): \($0.message)" }
        }
    }

    @Test func `of two keys is enough, and has safe defaults`() throws {
        let configuration = try load(Self.valid).get().configuration
        #expect(configuration.delivery.policy.recipients == .followers)
        #expect(configuration.allowsLoopback == false)
        #expect(configuration.stream.hosts.count == 2)
        #expect(configuration.stream.collections.map(\.text) == ["org.example.changeRequest"])
        #expect(configuration.stateDirectory == "/var/lib/impact-notifier")
    }

    @Test(arguments: [
        ("stream:\n  coalesc: 10ms", "stream.coalesc", "did you mean “coalesce”"),
        // Invariant 4: a pong leaves within 100 ms.
        ("stream:\n  coalesce: 100ms", "stream.coalesce", "80"),
        ("stream:\n  verify: all", "stream.verify", "write matched), found “all”"),
        ("sending:\n  interval: soon", "sending.interval", "expected a duration"),
        ("sending:\n  interval: [1]", "sending.interval", "expected a single value, found a list"),
        ("policy:\n  recipients: everybody", "policy.recipients", "one of followers, allowlist, anyone"),
        ("policy:\n  allowlist: [alice]", "policy.allowlist[0]", "expected a DID"),
        ("chat: proxy", "chat", "expected a mapping"),
        ("stream:\n  hosts: ws://127.0.0.1:1/subscribe", "stream.hosts", "expected a wss:// URL"),
        ("stream:\n  parallel_hosts: 3", "stream.parallel_hosts", "only 2 different hosts"),
        ("identity:\n  plc_directory: http://plc.directory", "identity.plc_directory", "expected an https:// URL"),
        ("session:\n  kind: confidential", "session.client_key_file", "a confidential client needs it"),
        ("outputs:\n  - name: x", "outputs[0].name", "exactly one of"),
        ("status:\n  hosts: [\"a.example:80\"]", "status.hosts[0]", "expected a host name without a port"),
        ("status:\n  hosts: [\"*\"]", "status.hosts[0]", "expected a host name without a port"),
        ("status:\n  connections_per_address: 65", "status.connections_per_address", "from 1 to 64"),
        ("nonsense: 1", "nonsense", "unknown key"),
    ]) func `names the line and the key of a mistake`(addition: String, key: String, message: String) throws {
        let found = try problems(Self.valid + "\n" + addition)
        #expect(found.contains { $0.contains(": \(key): ") && $0.contains(message) }, "\(found)")
        #expect(found.allSatisfy { !$0.hasPrefix("0:") || $0.contains("a confidential client needs it") }, "\(found)")
    }

    @Test func `says by which names the status endpoint may be asked, and how often at the same time`() throws {
        let configured = "\nstatus:\n  hosts: [notifier.example.org, impact-notifier]\n  connections_per_address: 64"
        let status = try load(Self.valid + configured).get().configuration.status
        #expect(status.hosts == ["notifier.example.org", "impact-notifier"])
        #expect(status.connectionsPerAddress == 64)
        #expect(try load(Self.valid).get().configuration.status.connectionsPerAddress == 16)
        let environment = ["IMPACT_NOTIFIER_STATUS_HOSTS": "a.example, b.example"]
        #expect(
            try load(Self.valid, environment: environment).get().configuration.status.hosts == [
                "a.example", "b.example",
            ]
        )
    }

    @Test func `reports every mistake at once`() throws {
        let text = Self.valid + "\nstream:\n  coalesc: 1\nsending:\n  interval: x\n  daily_limit: -1"
        #expect(try problems(text).count == 3)
    }

    @Test(arguments: [
        ("name: requests", "name: other", 0),
        ("name: requests", "name: requests", 1),
        ("collections: [org.example.changeRequest]", "collections: [notansid]", 1),
        ("collections: [org.example.changeRequest]", "collections: []", 1),
        ("reference_paths: [subject.uri]", "reference_paths: [a..b]", 1),
        ("message: \"Somebody wrote a change request.\"", "message: \"{{nonsense}}\"", 1),
    ]) func `checks each rule`(original: String, replacement: String, count: Int) throws {
        let rule = Self.valid.split(separator: "rules:\n")[1].replacing("name: requests", with: "name: second")
        let second = String(rule).replacing(
            original == "name: requests" ? "name: second" : original,
            with: replacement
        )
        #expect(try problems(Self.valid + "\n" + second).count == count)
    }

    @Test func `is overridden by the environment, and says so`() throws {
        let loaded = try load(Self.valid, environment: ["IMPACT_NOTIFIER_STREAM_COALESCE": "25ms"]).get()
        #expect(loaded.configuration.stream.coalesce == .milliseconds(25))
        #expect(loaded.entries.first { $0.key == "stream.coalesce" }?.origin == "IMPACT_NOTIFIER_STREAM_COALESCE")
        let wrong = try problems(Self.valid, environment: ["IMPACT_NOTIFIER_STREAM_COALESC": "1s"])
        #expect(wrong.first?.contains("environment variable") == true)
    }

    @Test(arguments: ["a: [", "a: 1\na: 2", "\u{0}", "- 1", "just text"])
    func `that is not one gives one error and no list of missing keys`(text: String) throws {
        #expect(try problems(text).count == 1)
    }

    @Test func `without an account lacks that alone, whichever sections it has`() throws {
        let sections = ["stream", "session", "policy", "sending", "digest", "mentions", "log", "status", "network"]
        let text = Self.valid.replacing("account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", with: "") + "\n"
        let found = try problems(text + sections.map { "\($0):\n" }.joined())
        #expect(found.count == 1 && found.first?.contains("account: this key is required") == true, "\(found)")
    }

    @Test func `that is empty lacks what every configuration needs`() throws {
        #expect(try problems("").count == 2)
    }

    @Test(arguments: [
        ("0", 0), ("500ms", 500), ("10s", 10_000), ("15m", 900_000), ("2h", 7_200_000), ("7d", 604_800_000),
    ])
    func `reads durations`(text: String, milliseconds: Int) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
        #expect(DurationText.format(.milliseconds(milliseconds)) == text)
    }

    @Test(arguments: ["", "s", "10", "-1s", "1.5s", "10 s", "99999999999d", "1w"])
    func `refuses other durations`(text: String) {
        #expect(DurationText.parse(text) == nil)
    }
}
