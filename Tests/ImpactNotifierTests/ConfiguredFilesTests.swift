import FoundationEssentials
import Glibc
import Network
import OAuth
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

/// `check` and a reload look for every file that the configuration names, the start warns of those that no message needs, and
/// the other commands look for none.
@Suite struct `The files of a configuration` {
    private static let valid = """
        account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
        state_directory: state
        rules:
          - {name: r, collections: [org.example.changeRequest], reference_paths: [subject], message: Hello}

        """

    private func load(
        _ addition: String,
        for purpose: ConfigurationLoader.Purpose = .check,
        in directory: TemporaryDirectory,
        state: String = "state",
        environment: [String: String] = [:]
    ) throws -> Result<ConfigurationLoader.Loaded, ConfigurationError> {
        let valid = Self.valid.replacing("state_directory: state", with: "state_directory: \(state)")
        let path = try directory.write(valid + addition, to: "impact-notifier.yaml")
        let environment = environment.merging(["PATH": "/usr/bin:/bin"]) { one, _ in one }
        return Result { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: environment, purpose: purpose).load(path: path)
        }
    }

    private func problems(
        _ addition: String,
        for purpose: ConfigurationLoader.Purpose = .check,
        in directory: TemporaryDirectory,
        state: String = "state",
        environment: [String: String] = [:]
    ) throws -> [ConfigurationIssue] {
        let loaded = try load(addition, for: purpose, in: directory, state: state, environment: environment)
        guard case .failure(let error) = loaded else { return [] }
        return error.issues
    }

    @Test func `a recorder's folder is made, when the one around it is there`() throws {
        #expect(try problems("stream: {recorder_directory: recorder}", in: TemporaryDirectory()).isEmpty)
    }

    @Test(arguments: ["ledger.sqlite", "ledger.sqlite-wal", "session.json", "marks.key", "reload.json"])
    func `that the daemon keeps are no outputs`(name: String) throws {
        let directory = try TemporaryDirectory()
        for path in ["state/\(name)", "\(directory.path)/state/\(name)"] {
            let found = try problems("outputs: [{name: a, file: \(path)}]", for: .command, in: directory)
            #expect(found.map(\.key) == ["outputs[0].file"], "\(found)")
        }
        #expect(try problems("outputs: [{name: a, file: state/told.jsonl}]", for: .command, in: directory).isEmpty)
    }

    @Test(arguments: ["outputs: [{name: a, file: NAME}]", "stream: {recorder_directory: NAME}"])
    func `are not made under a name that no file can have`(addition: String) throws {
        let name = String(repeating: "x", count: 300)
        let found = try problems(addition.replacing("NAME", with: name), in: TemporaryDirectory())
        #expect(found.count == 1 && found[0].message.contains("too long"), "\(found)")
    }

    @Test(arguments: [
        ("network: {certificate_authority_file: /nope.pem}", "network.certificate_authority_file", "no file /nope.pem"),
        ("network: {certificate_authority_file: /tmp}", "network.certificate_authority_file", "is a folder"),
        ("network: {certificate_authority_file: text}", "network.certificate_authority_file", "no certificate"),
        ("network: {certificate_authority_file: head}", "network.certificate_authority_file", "must be whole"),
        ("network: {certificate_authority_file: cut}", "network.certificate_authority_file", "must be whole"),
        ("network: {certificate_authority_file: /dev/null}", "network.certificate_authority_file", "no plain file"),
        ("stream: {recorder_directory: absent/recorder}", "stream.recorder_directory", "there is no folder"),
        ("stream: {recorder_directory: text}", "stream.recorder_directory", "is no folder"),
        ("session: {encryption_key_file: absent}", "session.encryption_key_file", "secrets/absent"),
        ("session: {encryption_key_file: ./text}", "session.encryption_key_file", "neither 32 octets"),
        ("session: {kind: app-password, app_password_file: ./absent}", "session.app_password_file", "no file"),
        ("session: {kind: app-password, app_password_file: ./empty}", "session.app_password_file", "is empty"),
        ("session: {kind: app-password, app_password_file: ./blank}", "session.app_password_file", "is empty"),
        ("session: {kind: app-password, app_password_file: ./octets}", "session.app_password_file", "is not text"),
        ("session: {kind: app-password, app_password_file: ./open}", "session.app_password_file", "chmod"),
        (
            "session: {kind: confidential, client_id: 'https://a.test/x.json', redirect_uri: 'https://a.test/y', "
                + "client_key_file: ./text}", "session.client_key_file", "is not a JWK"
        ),
        (
            "stream: {hosts: [{address: wss://a.test, api_key_file: absent}]}", "stream.hosts[0].api_key_file",
            "secrets/absent"
        ),
        (
            "stream: {hosts: [{address: wss://a.test, api_key_file: ./open}]}", "stream.hosts[0].api_key_file",
            "chmod"
        ),
        ("status: {requests_token_file: absent}", "status.requests_token_file", "secrets/absent"),
        ("status: {requests_token_file: ./open}", "status.requests_token_file", "chmod"),
        ("status: {requests_token_file: ./text}", "status.requests_token_file", "holds no token"),
        ("outputs: [{name: a, file: absent/a.jsonl}]", "outputs[0].file", "there is no folder"),
        ("outputs: [{name: a, file: /tmp}]", "outputs[0].file", "is a folder"),
        ("outputs: [{name: a, command: [bin/absent]}]", "outputs[0].command[0]", "no file"),
        ("outputs: [{name: a, command: [./text]}]", "outputs[0].command[0]", "chmod"),
        ("outputs: [{name: a, command: [/dev/null]}]", "outputs[0].command[0]", "no plain file"),
        ("outputs: [{name: a, command: [.]}]", "outputs[0].command[0]", "in PATH"),
        ("outputs: [{name: a, command: [no-such-program]}]", "outputs[0].command[0]", "in PATH"),
        (
            "outputs: [{name: a, webhook: 'https://a.test', secret_file: absent}]", "outputs[0].secret_file",
            "secrets/absent"
        ),
    ]) func `that are not there, or no such files, are named with line and key`(
        addition: String,
        key: String,
        words: String
    ) throws {
        let directory = try TemporaryDirectory()
        try directory.write("text\n", to: "text")
        try directory.write("\n", to: "empty")
        try directory.write(" \n", to: "blank")
        try directory.write([0xFF, 0xFE], to: "octets")
        let head = "-----BEGIN CERTIFICATE-----\n"
        try directory.write(head, to: "head")
        try directory.write(head + "MIIB\n-----END CERTIFICATE-----\n", to: "cut")
        try directory.write("secret\n", to: "open", mode: 0o666)
        for purpose in [ConfigurationLoader.Purpose.check, .reload] {
            let found = try problems(addition, for: purpose, in: directory)
            #expect(found.map(\.key) == [key], "\(found)")
            #expect(found.first?.message.contains(words) == true, "\(found)")
            #expect(found.first?.place?.line == 5, "\(found)")
        }
        #expect(try problems(addition, for: .command, in: directory).isEmpty)
        let isSpare = ["recorder_directory", ", file: ", ", command: "].contains { addition.contains($0) }
        switch try load(addition, for: .start, in: directory) {
        case .success(let loaded): #expect(isSpare && loaded.warnings.map(\.key) == [key], "\(loaded.warnings)")
        case .failure(let error): #expect(!isSpare && error.issues.map(\.key) == [key], "\(error)")
        }
    }

    @Test(arguments: [("text", "not a directory"), ("ajar", "chmod 700"), ("absent/state", "cannot be made")])
    func `lie beside a state directory of which check says what run would`(state: String, words: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("text\n", to: "text")
        try #require(unsafe mkdir(directory.file("ajar"), 0o755) == 0)
        let found = try problems("", in: directory, state: state)
        #expect(found.map(\.key) == ["state_directory"], "\(found)")
        #expect(found.first?.message.contains(words) == true && found.first?.place?.line == 2, "\(found)")
        // The start ends with a status of its own.
        #expect(try problems("", for: .start, in: directory, state: state).isEmpty)
    }

    @Test func `lie beside an address of the status endpoint that is this machine's, taken or not`() throws {
        let directory = try TemporaryDirectory()
        let taken = try ListeningSocket(try #require(SocketAddress(literal: "127.0.0.1", port: 0)))
        for purpose in [ConfigurationLoader.Purpose.check, .reload] {
            let found = try problems("status: {listen: '192.0.2.1:9464'}", for: purpose, in: directory)
            #expect(found.map(\.key) == ["status.listen"], "\(found)")
            #expect(found.first?.message.contains("an address of this machine") == true, "\(found)")
            let own = "status: {listen: '127.0.0.1:\(taken.port)'}"
            #expect(try problems(own, for: purpose, in: directory).isEmpty)
        }
    }

    @Test func `belong to a confidential client, when there is a client's id, but while it is prepared`() throws {
        let directory = try TemporaryDirectory()
        let addition = "session: {client_id: 'https://a.test/x.json', redirect_uri: 'https://a.test/y'}"
        for purpose in [ConfigurationLoader.Purpose.check, .start, .reload] {
            #expect(try problems(addition, for: purpose, in: directory).map(\.key) == ["session.client_id"])
        }
        #expect(try problems(addition, for: .command, in: directory).isEmpty)
    }

    @Test func `are all told in one run`() throws {
        let directory = try TemporaryDirectory()
        let found = try problems(
            """
            network: {certificate_authority_file: /nope.pem}
            session: {kind: app-password, app_password_file: absent}
            outputs:
              - {name: a, file: absent/a.jsonl}
              - {name: b, command: [no-such-program]}
            """,
            in: directory
        )
        #expect(found.count == 4, "\(found)")
    }

    @Test func `that are right are accepted, also in a state directory that the first start makes`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(String(repeating: "0", count: 64), to: "key")
        let server = try StreamTLSServer(names: "DNS:localhost")
        defer { server.stop() }
        let authority = try String(contentsOfFile: server.certificateFile, encoding: .utf8)
        try directory.write("# Ours\n" + authority + authority, to: "ca.pem")
        try directory.write("#!/bin/sh\n", to: "tell", mode: 0o755)
        try directory.write("secret", to: "secret")
        try directory.write("", to: "log.jsonl")
        let found = try problems(
            """
            network: {certificate_authority_file: ca.pem}
            session: {encryption_key_file: ./key, app_password_file: of-another-kind}
            stream: {recorder_directory: .}
            outputs:
              - {name: a, file: state/a.jsonl}
              - {name: b, file: log.jsonl}
              - {name: c, command: [./tell]}
              - {name: d, command: [sh, -c, "true"]}
              - {name: e, webhook: 'https://a.test/x?y=z', secret_file: ./secret}
            """,
            in: directory
        )
        #expect(found.isEmpty, "\(found)")
    }

    @Test(.enabled(if: geteuid() == 0, "only root may give files away"), arguments: [uid_t(0), 65_534])
    func `that are another user's are passed by where root is going to become one, too`(owner: uid_t) throws {
        let directory = try TemporaryDirectory()
        let secret = try directory.write("secret", to: "secret")
        try #require(unsafe chown(secret, 65_534, 65_534) == 0)
        try #require(unsafe mkdir(directory.file("state"), 0o700) == 0)
        try #require(unsafe chown(directory.file("state"), owner, owner) == 0)
        let addition = """
            session: {kind: app-password, app_password_file: ./secret}
            stream: {hosts: [{address: wss://a.test, api_key_file: ./secret}]}
            outputs: [{name: a, webhook: 'https://a.test', secret_file: ./secret}]
            """
        for purpose in [ConfigurationLoader.Purpose.check, .start] {
            let found = try problems(addition, for: purpose, in: directory)
            #expect(found.count == (owner == 0 ? 3 : 0), "\(found)")
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `that this user may not read are told as that, but for what systemd hands over`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("secret", to: "secret", mode: 0)
        let addition = "session: {kind: app-password, app_password_file: \(directory.file("secret"))}"
        let found = try problems(addition, in: directory)
        #expect(found.first?.message.contains("may not read") == true, "\(found)")
        let environment = ["CREDENTIALS_DIRECTORY": directory.path]
        #expect(try problems(addition, in: directory, environment: environment).isEmpty)
    }

    @Test func `are no patterns`() throws {
        let directory = try TemporaryDirectory()
        let found = try problems("rule_files: ['rules/*.yaml']", in: directory)
        #expect(found.count == 1 && found[0].message.contains("patterns are not understood"), "\(found)")
    }
}
