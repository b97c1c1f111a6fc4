import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

/// The entries of `stream.hosts`: an address, or a mapping with terms of its own.
@Suite struct `A configured stream host` {
    private static let valid = """
        account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
        rules: [{name: r, collections: [org.example.changeRequest], reference_paths: [subject], message: Hello}]
        development: {allow_loopback: true}

        """

    private func load(
        _ hosts: String,
        for purpose: ConfigurationLoader.Purpose = .command,
        in directory: TemporaryDirectory
    ) throws -> Result<ConfigurationLoader.Loaded, ConfigurationError> {
        let path = try directory.write(Self.valid + "stream:\n  hosts: " + hosts, to: "impact-notifier.yaml")
        return Result { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: [:], purpose: purpose).load(path: path)
        }
    }

    @Test func `is an address, or a mapping with it, and shows what it is asked for`() throws {
        let directory = try TemporaryDirectory()
        let loaded = try load(
            """

                - wss://a.test
                - {address: wss://b.test/subscribe, compression: true}
                - address: wss://c.test
                  api_key_file: of-c
            """,
            in: directory
        ).get()
        let hosts = loaded.configuration.stream.hosts
        #expect(hosts.map(\.url.host) == ["a.test", "b.test", "c.test"])
        #expect(hosts.map(\.asksForCompression) == [false, true, false])
        #expect(hosts.map(\.keyFile) == [nil, nil, directory.file("secrets/of-c")])
        #expect(hosts.allSatisfy { $0.key == nil }, "a command needs none")
        let shown = Dictionary(loaded.entries.map { ($0.key, $0) }) { first, _ in first }
        #expect(shown["stream.hosts"]?.value == "wss://a.test/, wss://b.test/subscribe, wss://c.test/")
        #expect(shown["stream.hosts[1].compression"]?.value == "true")
        #expect(shown["stream.hosts[1].compression"]?.origin.hasSuffix(":7") == true)
        #expect(shown["stream.hosts[2].api_key_file"]?.value == "of-c")
        let lines = ConfigurationSummary(loaded.configuration).lines
        #expect(lines.contains { $0.contains("wss://b.test/subscribe, compressed if it offers that.") }, "\(lines)")
        #expect(lines.contains { $0.contains("wss://c.test/, with the key in ") && $0.contains("/of-c.") }, "\(lines)")
    }

    @Test func `alone need be no list`() throws {
        let hosts = try load("{address: wss://a.test, compression: true}", in: TemporaryDirectory()).get()
            .configuration.stream.hosts
        #expect(hosts.map(\.asksForCompression) == [true])
    }

    @Test(arguments: [
        ("[{compression: true}]", "stream.hosts[0].address", "this key is required"),
        ("[{address: wss://a.test, compresion: true}]", "stream.hosts[0].compresion", "did you mean 'compression'?"),
        ("[{address: wss://a.test, api_key: x}]", "stream.hosts[0].api_key", "api_key_file"),
        ("[{address: wss://a.test, compression: sometimes}]", "stream.hosts[0].compression", "true or false"),
        ("[{address: wss://a.test/other}]", "stream.hosts[0].address", "its path names no stream"),
        (
            "[{address: 'wss://a.test?api_key=opensesame'}]", "stream.hosts[0].address",
            "which api_key_file beside the address"
        ),
        ("['wss://a.test?token=opensesame']", "stream.hosts[0]", "which api_key_file beside the address"),
        ("['wss://me:opensesame@a.test/subscribe']", "stream.hosts[0]", "has a user name or password"),
        ("['a.test/subscribe?api_key=opensesame']", "stream.hosts[0]", "found 'a.test/subscribe…'"),
        ("['wss:a.test?token=opensesame']", "stream.hosts[0]", "found 'wss:a.test…'"),
        ("['wss://me:x/opensesame@a.test/subscribe']", "stream.hosts[0]", "found 'wss://…@a.test/subscribe'"),
        ("['wss://me:opensesame?x@a.test/subscribe']", "stream.hosts[0]", "found 'wss://……'"),
        ("[{address: ws://a.test, api_key_file: x}]", "stream.hosts[0].address", "loopback addresses alone"),
        ("[wss://a.test, {address: 'wss://a.test:443/'}]", "stream.hosts[1]", "the same as one before"),
        ("[[wss://a.test]]", "stream.hosts[0]", "found a list"),
    ]) func `that is wrong is named once, with its key and without what may be a secret`(
        hosts: String,
        key: String,
        words: String
    ) throws {
        guard case .failure(let error) = try load(hosts, in: TemporaryDirectory()) else {
            Issue.record("accepted")
            return
        }
        #expect(error.issues.map(\.key) == [key], "\(error)")
        #expect(error.description.contains(words) && !error.description.contains("opensesame"), "\(error)")
        #expect(error.issues.first?.place?.line == 5, "\(error)")
    }

    @Test(arguments: [ConfigurationLoader.Purpose.start, .reload])
    func `has the key of its file, which is read anew each time`(purpose: ConfigurationLoader.Purpose) throws {
        let directory = try TemporaryDirectory()
        let hosts = "[{address: wss://a.test, api_key_file: ./key}]"
        var keys: [HostKey] = []
        for text in ["first-opensesame\n", "second-opensesame\r\n"] {
            try directory.write(text, to: "key")
            let loaded = try load(hosts, for: purpose, in: directory).get()
            keys.append(try #require(loaded.configuration.stream.hosts[0].key))
            let shown = loaded.entries.map { "\($0)" } + ConfigurationSummary(loaded.configuration).lines
            #expect(!"\(shown) \(loaded.configuration)".contains("opensesame"))
        }
        let url = try WebURL("wss://a.test")
        #expect(keys.map { $0.authorization(to: url) } == ["Bearer first-opensesame", "Bearer second-opensesame"])
    }

    @Test(arguments: [
        ("", 0o600, "is empty"), ("\n", 0o600, "is empty"), ("two words opensesame", 0o600, "holds no key"),
        ("one-opensesame\ntwo", 0o600, "holds no key"), ("key-opensesame", 0o644, "chmod"),
    ]) func `whose file is no key's is refused by check, start and reload alike`(
        text: String,
        mode: Int,
        words: String
    ) throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, to: "key", mode: UInt32(mode))
        let hosts = "[wss://b.test, {address: wss://a.test, api_key_file: ./key}]"
        for purpose in [ConfigurationLoader.Purpose.check, .start, .reload] {
            guard case .failure(let error) = try load(hosts, for: purpose, in: directory) else {
                Issue.record("accepted")
                continue
            }
            #expect(error.issues.map(\.key) == ["stream.hosts[1].api_key_file"], "\(error)")
            #expect(error.description.contains(words) && !error.description.contains("opensesame"), "\(error)")
        }
        #expect(throws: Never.self) { try load(hosts, in: directory).get() }
    }
}
