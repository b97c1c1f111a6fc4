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
        ("stream:\n  coalesc: 10ms", "stream.coalesc", "did you mean 'coalesce'"),
        // Invariant 4: a pong leaves within 100 ms.
        ("stream:\n  coalesce: 100ms", "stream.coalesce", "80"),
        ("stream:\n  verify: all", "stream.verify", "write matched), found 'all'"),
        ("sending:\n  interval: soon", "sending.interval", "expected a duration"),
        ("sending:\n  interval: [1]", "sending.interval", "expected a single value, found a list"),
        ("policy:\n  recipients: everybody", "policy.recipients", "one of followers, allowlist, anyone"),
        ("policy:\n  allowlist: [alice]", "policy.allowlist[0]", "expected a DID"),
        ("policy:\n  blocked_authors: ['did:plc:cut']", "policy.blocked_authors[0]", "24 letters and digits"),
        ("mentions:\n  owners: ['did:key:zabc']", "mentions.owners[0]", "can be nobody's"),
        ("chat: proxy", "chat", "expected a mapping"),
        ("stream:\n  hosts: ws://127.0.0.1:1/subscribe", "stream.hosts", "expected a wss:// URL"),
        ("stream:\n  parallel_hosts: 3", "stream.parallel_hosts", "only 2 different hosts"),
        ("stream:\n  hosts: ['wss://a.test/subscribe/']", "stream.hosts[0]", "did you mean wss://a.test/subscribe?"),
        ("stream:\n  hosts: [wss://a.test, 'wss://b.test/?x=y']", "stream.hosts[1]", "it has a query"),
        ("stream:\n  hosts: ['wss://a.test/subscribe#x']", "stream.hosts[0]", "it has a fragment"),
        ("stream:\n  hosts: ['wss://u:p@a.test']", "stream.hosts[0]", "it has a user name or password"),
        ("stream:\n  hosts: ['wss:///subscribe']", "stream.hosts[0]", "it has an invalid host"),
        ("stream:\n  hosts: ['https://a.test']", "stream.hosts[0]", "its scheme is not wss"),
        (
            "stream:\n  hosts: [wss://a.test, 'wss://a.test/xrpc/network.bsky.jetstream.subscribeEvents']",
            "stream.hosts[1]", "the same as one before"
        ),
        ("stream:\n  hosts: []", "stream.hosts", "at least one host"),
        (
            "stream:\n  sweep_directories: ['https://a.test/xrpc']", "stream.sweep_directories[0]",
            "mean https://a.test?"
        ),
        ("stream:\n  sweep_directories: ['https://a.test', 'https://a.test/']", "stream.sweep_directories[1]", "once"),
        ("identity:\n  appview: 'https://a.test/?x'", "identity.appview", "did you mean https://a.test?"),
        ("identity:\n  appview: 'https://a..test'", "identity.appview", "its host is no name"),
        ("identity:\n  appview: 'wss://a.test'", "identity.appview", "its scheme is not https"),
        ("session:\n  client_id: https://a.test", "session.client_id", "it has no path"),
        ("session:\n  client_id: 'https://a.test:8443/x.json'", "session.client_id", "not https on the default port"),
        ("outputs:\n  - {name: x, webhook: 'http://a.test/', secret_file: s}", "outputs[0].webhook", "not https"),
        ("outputs:\n  - {name: x, webhook: 'https://a.test/'}", "outputs[0].secret_file", "a webhook is signed"),
        ("outputs:\n  - {name: x, file: /x, secret_file: s}", "outputs[0].secret_file", "beside a webhook"),
        ("outputs:\n  - {name: x, file: /x, occasions: []}", "outputs[0].occasions", "told of nothing"),
        ("outputs:\n  - {name: x, command: []}", "outputs[0].command", "names no program"),
        ("outputs:\n  - {name: ' ', file: /x}", "outputs[0].name", "can be seen"),
        ("outputs:\n  - {name: x, file: ''}", "outputs[0].file", "it is empty"),
        ("outputs:\n  - {name: x, file: /x}\n  - {name: x, file: /y}", "outputs[1].name", "already"),
        ("state_directory: ''", "state_directory", "it is empty"),
        ("policy:\n  recipients: allowlist", "policy.recipients", "nobody would ever be told"),
        ("policy:\n  maximum_age: 0", "policy.maximum_age", "from 1ms"),
        (
            "policy:\n  follow_interval: 40d\n  wait_expiry: 30d", "policy.follow_interval",
            "longer than policy.wait_expiry"
        ),
        ("policy:\n  maximum_age: 300d", "policy.maximum_age", "sending.retention is shorter than policy.maximum_age"),
        ("sending:\n  answers_interval: off", "sending.answers_interval", "promises what nobody reads"),
        ("sending:\n  answers_interval: 0s", "sending.answers_interval", "at least 50ms"),
        ("sending:\n  first_wait: 0", "sending.first_wait", "from 1ms"),
        ("sending:\n  first_wait: 1h\n  maximum_wait: 30m", "sending.first_wait", "longer than sending.maximum_wait"),
        (
            "sending:\n  first_limit_wait: 2h\n  maximum_limit_wait: 1h", "sending.first_limit_wait",
            "longer than sending.maximum_limit_wait"
        ),
        ("lookup:\n  first_wait: 2h\n  maximum_wait: 1h", "lookup.first_wait", "longer than lookup.maximum_wait"),
        (
            "digest:\n  maximum_listed: 5\n  maximum_counted: 3", "digest.maximum_listed",
            "more than digest.maximum_counted"
        ),
        (
            "digest:\n  window: 8d\npolicy:\n  maximum_queue_age: 7d", "digest.window",
            "longer than policy.maximum_queue_age"
        ),
        ("message:\n  service: ' '", "message.service", "can be seen"),
        ("message:\n  about: ' '", "message.about", "can be seen"),
        ("message:\n  about: \(String(repeating: "x", count: 201))", "message.about", "at most 200 characters"),
        ("chat:\n  proxy: did:web:api.bsky.chat", "chat.proxy", "one #"),
        ("chat:\n  proxy: 'did:web:api.bsky.chat#chät'", "chat.proxy", "ASCII"),
        (
            "sending:\n  interval: 8d\npolicy:\n  maximum_queue_age: 7d", "sending.interval",
            "longer than policy.maximum_queue_age"
        ),
        ("identity:\n  plc_directory: http://plc.directory", "identity.plc_directory", "expected an https:// URL"),
        ("session:\n  login_port: 80", "session.login_port", "root's alone"),
        ("session:\n  kind: confidential", "session.client_key_file", "a confidential client needs it"),
        ("outputs:\n  - name: x", "outputs[0].name", "exactly one of"),
        ("status:\n  hosts: [\"a.example:80\"]", "status.hosts[0]", "expected a host name without a port"),
        ("status:\n  hosts: [\"*\"]", "status.hosts[0]", "expected a host name without a port"),
        ("status:\n  connections_per_address: 65", "status.connections_per_address", "from 1 to 64"),
        ("status:\n  requests_token_file: ''", "status.requests_token_file", "it is empty"),
        ("status:\n  listen: off\n  requests_token_file: x", "status.requests_token_file", "where nothing listens"),
        ("nonsense: 1", "nonsense", "unknown key"),
    ]) func `names the line and the key of a mistake`(addition: String, key: String, message: String) throws {
        let found = try problems(Self.valid + "\n" + addition)
        #expect(found.contains { $0.contains(": \(key): ") && $0.contains(message) }, "\(found)")
        #expect(found.allSatisfy { !$0.hasPrefix("0:") }, "\(found)")
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

    @Test(arguments: [
        "stream:\n  hosts: ['wss://a.test/other']", "stream:\n  hosts: []", "stream:\n  hosts: [[]]",
        "outputs:\n  - {name: x, file: ''}", "outputs:\n  - {name: x, webhook: 'x'}",
        "session: {kind: confidential, client_id: x, redirect_uri: 'https://a.test/x', client_key_file: x}",
    ]) func `tells a mistake once`(addition: String) throws {
        let found = try problems(Self.valid + "\n" + addition)
        #expect(found.filter { !$0.contains("secret_file") }.count == 1, "\(found)")
    }

    @Test func `names the variable of a value that overrides`() throws {
        let found = try load(
            Self.valid,
            environment: ["IMPACT_NOTIFIER_STREAM_HOSTS": "wss://a.test/x, wss://b.test/y"]
        )
        guard case .failure(let error) = found else {
            Issue.record("accepted")
            return
        }
        #expect(error.issues.map(\.source) == ["IMPACT_NOTIFIER_STREAM_HOSTS", "IMPACT_NOTIFIER_STREAM_HOSTS"])
    }

    @Test func `counts relative paths from its own place`() throws {
        let text =
            Self.valid + """

                state_directory: ./state
                stream: {recorder_directory: recorder}
                network: {certificate_authority_file: ca.pem}
                outputs: [{name: a, file: a.jsonl}, {name: b, command: [bin/tell, x]}, {name: c, command: [tell]}]
                """
        let configuration = try load(text).get().configuration
        let folder = String(configuration.stateDirectory.dropLast("/state".count))
        #expect(folder.hasPrefix("/") && configuration.stateDirectory.hasSuffix("/state"))
        #expect(configuration.stream.recorderDirectory == "\(folder)/recorder")
        #expect(configuration.certificateAuthorityFile == "\(folder)/ca.pem")
        #expect(
            configuration.delivery.outputs.map(\.channel) == [
                .file(path: "\(folder)/a.jsonl"), .command(["\(folder)/bin/tell", "x"]), .command(["tell"]),
            ]
        )
    }

    @Test func `has one line on who runs it, however it is written`() throws {
        let about = Self.valid + "\nmessage:\n  about: |\n    Run by the Windmill team:\n    https://mill.example/bot\n"
        let message = try load(about).get().configuration.delivery.message
        #expect(message.about == "Run by the Windmill team: https://mill.example/bot")
        #expect(try load(Self.valid).get().configuration.delivery.message.about.isEmpty)
    }

    @Test(arguments: [
        " ", "\\u200B",
    ]) func `has no rule whose message is blank`(message: String) throws {
        let text = Self.valid.replacing("Somebody wrote a change request.", with: message)
        let found = try problems(text)
        #expect(found.count == 1 && found[0].hasPrefix("6: rules[0].message: "), "\(found)")
    }

    @Test(arguments: [
        "{{record.title}}", "{{author.name}}", "{{record.title | default: 'a change'}}", "{{count}}",
        "x{{record.title}}",
    ])
    func `takes a message that can say something`(message: String) throws {
        let text = Self.valid.replacing("Somebody wrote a change request.", with: message)
        #expect(try problems(text.replacing("'", with: "\\\"")).isEmpty)
    }

    @Test(arguments: [
        "digest: {maximum_counted: 3}", "policy: {wait_expiry: 10m}", "lookup: {maximum_wait: 5s}",
        "sending: {maximum_limit_wait: 30s}", "policy: {maximum_queue_age: 1m}", "policy: {wait_expiry: 0}",
        "lookup: {host_pause: 0}",
    ])
    func `takes a bound that is written alone, whatever the default of what it bounds`(addition: String) throws {
        #expect(try problems(Self.valid + "\n" + addition).isEmpty)
    }

    @Test func `reports every mistake of a rule at once`() throws {
        let found = try problems(
            """
            account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
            rules:
              - name: a rule
                collections: [notansid, org.example.x]
                except: [alsonot]
                operations: [delete]
                when: [{field: a..b, exists: true}]
                reference_paths: [c..d]
                accepts: [text]
                hops:
                  - {through: [neither], reference_paths: [e..f], accepts: [word]}
                project_collections: [nor]
                owner_from: somebody
                link: http://a.test/x
                message: "{{nothing}}"
            """
        )
        let keys = [
            "name", "collections", "except", "operations", "when", "reference_paths", "accepts", "hops[0].through",
            "hops[0].reference_paths", "hops[0].accepts", "project_collections", "owner_from", "link", "message",
        ]
        for key in keys { #expect(found.contains { $0.contains(": rules[0].\(key): ") }, "\(key): \(found)") }
        #expect(found.count == keys.count, "\(found)")
        #expect(found.allSatisfy { !$0.hasPrefix("0:") }, "\(found)")
    }

    private static let people = """
        account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
        rules:
          - name: people
            collections: [org.example.changeRequest]
            reference_paths: [subject]
            message: Somebody wrote a change request.
            tell: [owner, collaborators, subscribers]
            maximum_people: 10
            collaborators:
              query: https://index.example.com/people?of={{reference}}
              people: items[*].subject
              granted_by: [org.example.collaborator]
              accepted_by: [org.example.acceptance]
              person: person.did
              reference_paths: [project]
            subscribers:
              collections: [org.example.subscription]
              reference_paths: [subject]
              only: collections
        """

    @Test func `says who is told beside the owner, and asks the stream for what confirms it`() throws {
        let configuration = try load(Self.people).get().configuration
        let rule = try #require(configuration.delivery.rules.first)
        #expect(rule.recipients == Set(RecipientRole.allCases) && rule.maximumPeople == 10)
        #expect(rule.collaborators?.personPath.text == "person.did")
        #expect(rule.collaborators?.projects.accepts == [.did, .atURI])
        #expect(rule.subscribers?.subjects.accepts == [.union, .did, .atURI])
        let asked = Set(configuration.stream.collections.map(\.text))
        let people = ["org.example.collaborator", "org.example.acceptance", "org.example.subscription"]
        #expect(asked == Set(people + ["org.example.changeRequest"]))
        #expect(configuration.delivery.lookup.directories == configuration.sweepDirectories)
        let summary = ConfigurationSummary(configuration).lines.joined(separator: "\n")
        #expect(summary.contains("collaborators, as the owner's org.example.collaborator say"))
        #expect(summary.contains("who has org.example.subscription about it"))
    }

    @Test(arguments: [
        ("tell: [owner, collaborators, subscribers]", "tell: [owner, followers]", "rules[0].tell"),
        ("maximum_people: 10", "maximum_people: 101", "rules[0].maximum_people"),
        ("tell: [owner, collaborators, subscribers]", "tell: [owner, subscribers]", "rules[0].collaborators"),
        ("granted_by: [org.example.collaborator]", "granted_by: [org.example.*]", "rules[0].collaborators"),
        ("query: https://", "query: http://", "rules[0].collaborators.query"),
        ("only: collections", "unless: collections", "rules[0].subscribers.unless"),
        ("accepted_by:", "acceptd_by:", "rules[0].collaborators.acceptd_by"),
    ]) func `names what is wrong with whom a rule tells`(right: String, wrong: String, key: String) throws {
        let found = try problems(Self.people.replacing(right, with: wrong))
        #expect(found.count == 1 && found[0].contains(": \(key): "), "\(found)")
    }

    @Test func `says nothing more of a value that could not be read`() throws {
        #expect(try problems(Self.valid.replacing("[org.example.changeRequest]", with: "[[]]")).count == 1)
        #expect(try problems(Self.valid + "\npolicy:\n  recipients: allowlist\n  allowlist: [alice]").count == 1)
        #expect(try problems(Self.valid + "\nsending:\n  retention: soon\npolicy:\n  maximum_age: 300d").count == 1)
    }

    @Test(arguments: [
        ("did:plc:cut", "24 letters and digits"), ("did:key:zabc", "nobody's"), ("did:web:a.test:users:b", "nobody's"),
        ("did:plc", "did:method:identifier"), ("notifier", "no dot"), ("notifier.local", "not a public one"),
    ]) func `is of an account that there can be`(account: String, words: String) throws {
        let found = try problems(Self.valid.replacing("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", with: account))
        #expect(found.count == 1 && found[0].hasPrefix("1: account: ") && found[0].contains(words), "\(found)")
    }

    @Test func `of the example is looked at again`() throws {
        let lines = ConfigurationSummary(try load(Self.valid).get().configuration).lines
        #expect(lines.count { $0.contains("LOOK AGAIN") } == 2, "\(lines)")
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
