import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// What each command ends with when its output goes nowhere, when there is nothing to do, and when nobody can be reached.
@Suite(.timeLimit(.minutes(4)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The exit status of a command` {
    /// Where standard output leads.
    private enum Sink: String, CaseIterable {
        /// A disk that is full.
        case full = #"exec "$@" >/dev/full"#
        /// A reader that has gone away before anything is written.
        case closed = #"{ read -r <"$0"; exec "$@"; } | { exec <&-; echo >"$0"; }; exit ${PIPESTATUS[0]}"#
    }

    /// A network in which one message was delivered, by a daemon that has ended.
    private struct Ground {
        let stage: Stage
        let uri: String
        let files: TemporaryDirectory

        init() async throws {
            stage = try await Stage(tracer: .milliseconds(200))
            files = try TemporaryDirectory()
            try #require(unsafe mkfifo(files.path + "/go", 0o600) == 0)
            let process = try stage.daemon.run()
            uri = try stage.ask("Delivered")
            #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
            process.signal(SIGTERM)
            #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        }

        func run(_ arguments: [String], into sink: Sink) async throws -> (ending: ChildProcess.Ending, lines: [String])
        {
            let binary = try #require(Stage.binary)
            let environment = [
                "PATH": "/usr/bin:/bin", "HOME": files.path, "IMPACT_NOTIFIER_CONFIG": stage.daemon.configurationPath,
            ]
            let words = ["-c", sink.rawValue, files.path + "/go", binary] + arguments
            let command = try ChildProcess("/bin/bash", words, environment: environment)
            return (await command.ended(within: .seconds(60)), command.output)
        }
    }

    /// What `init` is told of a network that is not the public one.
    private static func setup(_ stage: Stage) -> [String] {
        ["init", "--account", stage.bot.did.text, "--rule", "leaflet"]
            + [
                "identity.plc_directory=\(stage.network.plcURL.origin)",
                "identity.appview=\(stage.network.appViewURL.origin)", "development.allow_loopback=true",
            ].flatMap { ["--set", $0] }
    }

    private static let tests = """
        rules:
          - {name: r, collections: [org.example.changeRequest], reference_paths: [subject], message: Hello}
        records:
          at://did:plc:bbbbbbbbbbbbbbbbbbbbbbbb/org.example.project/p: {name: Engine}
        tests:
          - name: an owner is told
            uri: at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/org.example.changeRequest/k
            record: {subject: "at://did:plc:bbbbbbbbbbbbbbbbbbbbbbbb/org.example.project/p"}
            tells: ["did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"]

        """

    @Test func `is 74 when its output cannot be written, and its own when its reader went away`() async throws {
        let ground = try await Ground()
        let recording = try ground.files.write(
            `The command replay`.line(about: `The command replay`.owner),
            to: "recording.jsonl"
        )
        let tests = try ground.files.write(Self.tests, to: "tests.yaml")
        let owner = ground.stage.owners[0].did.text
        let printed = Self.setup(ground.stage) + ["--print"]
        let cases: [(arguments: [String], closed: Int32)] = [
            (["--help"], 0), (["--version"], 0), (["help", "jobs"], 0), (["check"], 0), (["check", "--json"], 0),
            (["check", "--effective"], 0), (["doctor"], 0), (["doctor", "--json"], 0), (["jobs"], 0),
            (["jobs", "list", "--json"], 0), (["jobs", "show", ground.uri], 0), (["explain", ground.uri], 0),
            (["explain", ground.uri, "--json"], 0), (["suppress", "add", owner], 0), (["suppress", "list"], 0),
            (["recipients", "show", owner], 0), (["recipients", "show", owner, "--json"], 0),
            (["recipients", "set", owner, "--digest", "daily"], 0), (printed, 0),
            (["template", "preview"], 0), (["rules", "try", ground.uri], 0),
            (["rules", "test", tests], 0), (["replay", recording], 0), (["sweep", "--since", "1h", "--dry-run"], 0),
            (["session", "status"], 0), (["session", "check"], 0), (["client", "verify"], 0),
            (["client", "metadata", "--callback-page"], 0),
            // Nobody can read where to go.
            (["login"], 74), (["login", "--start"], 74),
        ]
        for (arguments, closed) in cases {
            let full = try await ground.run(arguments, into: .full)
            #expect(full.ending == .exited(74), "\(arguments): \(full.lines)")
            #expect(full.lines.contains { $0.contains("tandard output") }, "\(arguments): \(full.lines)")
            let left = try await ground.run(arguments, into: .closed)
            #expect(left.ending == .exited(closed), "\(arguments): \(left.lines)")
        }
        for sink in Sink.allCases {
            let status: Int32 = sink == .full ? 74 : 0
            _ = try await ground.run(["suppress", "add", owner], into: sink)
            #expect(try await ground.run(["suppress", "remove", owner], into: sink).ending == .exited(status))
            #expect(try await ground.run(["recipients", "forget", owner], into: sink).ending == .exited(status))
            let place = "\(ground.files.path)/\(sink).yaml"
            let setup = Self.setup(ground.stage) + ["--config", place]
            #expect(try await ground.run(setup, into: sink).ending == .exited(status))
            #expect(unsafe access(place, F_OK) == 0, "what is asked for is done")
            // No daemon runs, and that is its own status.
            #expect(try await ground.run(["status"], into: sink).ending == .exited(69))
            let key = "\(ground.files.path)/\(sink).json"
            #expect(try await ground.run(["client", "keygen", key], into: sink).ending == .exited(status))
            #expect(unsafe access(key, F_OK) == 0, "what is asked for is done")
            try await ground.stage.daemon.logIn()
            #expect(try await ground.run(["logout"], into: sink).ending == .exited(status))
        }
        let list = try await ground.run(["suppress", "list"], into: .full)
        #expect(list.ending == .exited(0) && list.lines == ["Nobody is suppressed."], "\(list.lines)")
    }

    @Test(
        arguments: [
            (["jobs"], 0), (["jobs", "list", "--state", "queued"], 0),
            (["jobs", "drop", "--state", "queued", "--yes"], 1),
            (["jobs", "retry", "--state", "queued", "--yes", "--json"], 1),
            (["jobs", "move", "old", "change-request"], 1),
            (["suppress"], 0), (["suppress", "remove", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"], 1), (["quarantine"], 0),
            (["quarantine", "show", "1"], 1), (["logout"], 77), (["session", "check"], 2), (["session", "status"], 2),
            (["reload"], 69), (["sweep", "--since", "1h"], 69), (["client", "verify"], 0), (["healthcheck"], 78),
            (["status"], 69), (["status", "--json"], 69),
            (["recipients", "show", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"], 0),
            (["recipients", "forget", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"], 0),
            (["recipients", "set", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "--mute", "Engine"], 1), (["init"], 73),
            (["init", "--print"], 64), (["init", "--print", "--json"], 64),
        ] as [([String], Int32)]
    ) func `says that there is nothing to do`(arguments: [String], status: Int32) async throws {
        let stage = try await Stage(isLoggedIn: false)
        try #require(unsafe mkdir(stage.daemon.statePath, 0o700) == 0)
        let command = try stage.daemon.start(arguments: arguments)
        #expect(await command.ended(within: .seconds(20)) == .exited(status), tail(command))
        #expect(!command.output.isEmpty)
    }

    @Test func `says that nobody can be reached`() async throws {
        let servers = ["plc", "pds", "as", "appview", "index", "control", "stream"]
        let stage = try await Stage(
            overrides: ["status.listen": "127.0.0.1:\(unusedPort())"],
            // Nobody else listens at them when the network has gone.
            ports: Dictionary(uniqueKeysWithValues: servers.map { ($0, unusedPort()) })
        )
        let uri = try stage.ask("Out of reach")
        stage.network.stop()
        let handle = stage.owners[0].handle.text
        let printed = Self.setup(stage) + ["--print"]
        let cases: [(arguments: [String], status: Int32)] = [
            (["jobs", "list", "--owner", handle], 69), (["jobs", "drop", "--author", handle, "--yes"], 69),
            (["jobs", "show", "at://\(handle)/\(LocalDaemon.collection)/k"], 69),
            (["explain", "at://\(handle)/\(LocalDaemon.collection)/k"], 69), (["suppress", "add", handle], 69),
            (["suppress", "remove", handle], 69), (["rules", "try", uri], 69), (["sweep", "--since", "1h"], 69),
            (["login", "--no-listener"], 69), (["session", "check"], 1), (["doctor"], 1), (["healthcheck"], 1),
            (["logout"], 69), (["reload"], 69), (["status"], 69), (["recipients", "show", handle], 69),
            (["recipients", "forget", handle], 69), (printed, 69),
            // These ask nobody.
            (["check"], 0), (["jobs"], 0), (["session", "status"], 0), (["template", "preview"], 0),
            (["logout", "--force"], 0),
        ]
        for (arguments, status) in cases {
            let command = try stage.daemon.start(arguments: arguments)
            #expect(await command.ended(within: .seconds(60)) == .exited(status), "\(arguments): \(command.output)")
            #expect(!command.output.isEmpty, "\(arguments)")
        }
    }

    @Test(arguments: [
        (["chek"], "did you mean 'check'?"), (["jobs", "retri"], "did you mean 'retry'?"),
        (["--instance", "two", "session", "statsu"], "did you mean 'status'?"), (["frobnicate"], "there are "),
        (["jobs", "list", "--state", "quewed"], "did you mean 'queued'?"),
        (["jobs", "list", "--reason", "to-old"], "did you mean 'too-old'?"),
        (["jobs", "list", "--reason", "weather"], "'impact-notifier jobs list' shows the reasons of your jobs"),
        (["template", "preview", "--rule", "change-requests"], "did you mean 'change-request'?"),
        (["login", "--scope", "granula"], "did you mean 'granular'?"),
        (["recipients", "set", "did:plc:nobody", "--digest", "dayly"], "did you mean 'daily'?"),
        (["init", "--print", "--account", "notifier.test", "--rule", "tangeld"], "did you mean 'tangled'?"),
        (["jobs", "list", "--limt", "5"], "Did you mean '--limit'?"),
        (["init", "--session", "loopback", "--app-password-file", "x"], "goes with --session app-password"),
        (["init", "--rule", "tangled", "--reference-path", "subject"], "goes with --rule AT-URI"),
    ]) func `is 64 for a word that is not known, with the one that was meant`(arguments: [String], words: String)
        async throws
    {
        let stage = try await Stage(isLoggedIn: false)
        let command = try stage.daemon.start(arguments: arguments)
        #expect(await command.ended(within: .seconds(20)) == .exited(64), tail(command))
        #expect(command.output.contains { $0.contains(words) }, tail(command))
    }
}
