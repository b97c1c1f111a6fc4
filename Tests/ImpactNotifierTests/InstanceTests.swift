import ArgumentParser
import Glibc
import Sandbox
import Testing

@testable import ImpactNotifier

@Suite struct `One of several bots on a machine` {
    private static let text = """
        account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
        session: {kind: app-password, app_password_file: app-password}
        rules:
          - {name: r, collections: [org.example.changeRequest], reference_paths: [subject], message: "Hello"}
        """

    private func load(_ name: String, environment: [String: String] = [:]) throws -> Configuration {
        let directory = try TemporaryDirectory()
        let path = try directory.write(Self.text, to: name)
        let place = ["CONFIGURATION_DIRECTORY": directory.path]
        return try ConfigurationLoader(environment: place.merging(environment) { $1 }).load(path: path).configuration
    }

    @Test(arguments: [
        ("impact-notifier.yaml", "/var/lib/impact-notifier", "127.0.0.1:9464"),
        ("two.yaml", "/var/lib/impact-notifier-two", nil),
    ])
    func `has a state directory and a status address of its own`(
        file: String,
        directory: String,
        address: String?
    ) throws {
        let configuration = try load(file)
        #expect(configuration.stateDirectory == directory)
        #expect(configuration.status.address?.description == address)
    }

    @Test func `is none whose configuration is a draft elsewhere`() throws {
        let configuration = try load("two.yaml", environment: ["CONFIGURATION_DIRECTORY": "/etc/impact-notifier"])
        #expect(configuration.status.address?.description == "127.0.0.1:9464")
        #expect(configuration.stateDirectory == "/var/lib/impact-notifier-two")
    }

    @Test func `is laid out by systemd where that started it`() throws {
        #expect(try load("two.yaml", environment: ["STATE_DIRECTORY": "/state/two"]).stateDirectory == "/state/two")
        let loader = ConfigurationLoader(environment: ["CONFIGURATION_DIRECTORY": "/conf"])
        #expect(loader.path(of: "two") == "/conf/two.yaml")
        #expect(loader.defaultPath == "/conf/impact-notifier.yaml")
        #expect(ConfigurationLoader(environment: [:]).path(of: "two") == "/etc/impact-notifier/two.yaml")
    }

    @Test(arguments: ["impact-notifier", "", "../x", "a/b", ".hidden", "-x", "two.yaml", "zwei bots"])
    func `has a name that is no path and not the first one's`(name: String) {
        #expect(throws: (any Error).self) { try Check.parse(["--instance", name]) }
    }

    @Test func `is named in every command that a message tells to run`() {
        let text = "run 'impact-notifier login', see impact-notifier jobs list; impact-notifier is not one"
        let addressed =
            "run 'impact-notifier --instance two login', see impact-notifier --instance two jobs list; "
            + "impact-notifier is not one"
        #expect(Instance.addressed(text, to: "two") == addressed)
        #expect(Instance.addressed(text, to: nil) == text)
        #expect(throws: Never.self) { try Root.parseAsRoot(["--instance", "two", "jobs", "list"]) }
    }

    @Test func `is named in every command that there is`() {
        #expect(Instance.commands == Set(Root.configuration.subcommands.map { $0._commandName }))
    }

    @Test func `is named by --instance or --config, not by both`() throws {
        #expect(try Check.parse(["--instance", "two"]).configuration.file == "/etc/impact-notifier/two.yaml")
        #expect(throws: (any Error).self) { try Check.parse(["--instance", "two", "--config", "x.yaml"]) }
    }
}

@Suite struct `The files that a configuration names` {
    @Test func `count from the configuration, whoever reads it from wherever`() {
        let files = ConfiguredFiles(configuration: "/etc/impact-notifier/two.yaml", environment: [:])
        #expect(files.path("rules/a.yaml") == "/etc/impact-notifier/rules/a.yaml")
        #expect(files.path("/srv/a.yaml") == "/srv/a.yaml")
        #expect(files.secret("app-password") == "/etc/impact-notifier/secrets/app-password")
        #expect(files.secret("/run/x") == "/run/x")
        #expect(ConfiguredFiles(configuration: "c.yaml", environment: [:]).path("r.yaml") == "./r.yaml")
    }

    @Test func `are systemd's credentials where there is one of that name`() throws {
        let directory = try TemporaryDirectory()
        let environment = ["CREDENTIALS_DIRECTORY": directory.path]
        let files = ConfiguredFiles(configuration: "/etc/impact-notifier/two.yaml", environment: environment)
        #expect(files.secret("app-password") == "/etc/impact-notifier/secrets/app-password")
        let credential = try directory.write("x", to: "app-password")
        #expect(files.secret("app-password") == credential)
    }
}

@Suite struct `The state directory` {
    @Test func `is resolved through every link, also before it is there`() throws {
        let directory = try TemporaryDirectory()
        let (real, link) = (directory.path + "/real", directory.path + "/link")
        try #require(unsafe mkdir(real, 0o700) == 0)
        try #require(unsafe symlink(real, link) == 0)
        #expect(StateDirectory.resolve(link) == real)
        #expect(StateDirectory.resolve(link + "/") == real)
        #expect(StateDirectory.resolve(link + "/state") == real + "/state")
        #expect(StateDirectory.resolve("/none/at/all") == "/none/at/all")
    }

    @Test func `is made by who begins, and by nobody who only looks`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/state"
        #expect(try StateDirectory.enter(path, for: .looking) == false)
        #expect(unsafe access(path, F_OK) != 0)
        #expect(try StateDirectory.enter(path, for: .beginning))
        #expect(try StateDirectory.enter(path, for: .looking))
    }

    @Test func `that others may enter, or that is a link or a file, is refused with the remedy`() throws {
        let directory = try TemporaryDirectory()
        let (open, link) = (directory.path + "/open", directory.path + "/link")
        try #require(unsafe mkdir(open, 0o755) == 0)
        try #require(unsafe symlink(open, link) == 0)
        let file = try directory.write("", to: "file")
        for (path, words) in [(open, "chmod 700"), (link, "not a directory"), (file, "not a directory")] {
            let problem = #expect(throws: StateDirectory.AccessError.self) {
                try StateDirectory.enter(path, for: .beginning)
            }
            #expect(problem?.description.contains(words) == true)
        }
    }

    @Test func `that the daemon could not begin in is told to who looks, who makes none`() throws {
        let directory = try TemporaryDirectory()
        let open = directory.path + "/open"
        try #require(unsafe mkdir(open, 0o755) == 0)
        let file = try directory.write("", to: "file")
        let rows = [
            (open, "chmod 700"), (file, "not a directory"), ("\(file)/state", "cannot be reached"),
            ("\(directory.path)/none/state", "cannot be made"),
        ]
        for (path, words) in rows {
            let problem = StateDirectory.obstacle(to: path, isNamed: true)?.description
            #expect(problem?.contains(words) == true, "\(problem ?? "")")
        }
        let path = directory.path + "/state"
        #expect(StateDirectory.obstacle(to: path, isNamed: true)?.description == nil)
        #expect(unsafe access(path, F_OK) != 0)
        #expect(StateDirectory.obstacle(to: "\(path)/of/none", isNamed: false)?.description == nil)
        try StateDirectory.enter(path, for: .beginning)
        #expect(StateDirectory.obstacle(to: path, isNamed: true)?.description == nil)
    }
}

@Suite struct `The pages that messages name` {
    @Test(arguments: Documentation.allCases) func `are in the package`(page: Documentation) {
        #expect(page.path == "/usr/share/doc/impact-notifier/docs/\(page.rawValue).md")
    }
}
