import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// `init`, by the built program: from nothing to the first message, in a terminal and without one, knowing what it prints.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The command init` {
    /// A network with a bot and somebody who wants to hear of requests, and a folder for a configuration.
    private struct Ground {
        let network: SandboxNetwork
        let bot: SandboxAccount
        let owner: SandboxAccount
        let author: SandboxAccount
        let project: ATURI
        let directory: TemporaryDirectory

        init() async throws {
            var options = SandboxOptions()
            options.tracerInterval = .milliseconds(200)
            network = try await SandboxNetwork.start(options)
            bot = try network.createAccount(handle: "notifier.test")
            owner = try network.createAccount(handle: "owner.test")
            author = try network.createAccount(handle: "grace.test")
            project = try network.createRecord(
                by: owner,
                collection: LocalDaemon.projectCollection,
                record: ["name": "Engine"]
            )
            directory = try TemporaryDirectory()
        }

        var path: String { directory.file("impact-notifier.yaml") }

        /// What `init` is told of a network that is not the public one.
        private var settings: [String] {
            [
                "identity.plc_directory=\(network.plcURL.origin)", "identity.appview=\(network.appViewURL.origin)",
                "stream.hosts=[\"\(network.streamURL(.jetstream2))\"]", "development.allow_loopback=true",
                "stream.sweep_directories=[\"\(network.streamHosts[0].directory)\"]",
                "sending.interval=0s", "status.listen=\"off\"",
            ].flatMap { ["--set", $0] }
        }

        func start(_ arguments: [String], hasTerminal: Bool = false) throws -> ChildProcess {
            let binary = try #require(Stage.binary)
            return try ChildProcess(
                binary,
                ["init", "--config", path] + settings + arguments,
                environment: environment,
                hasTerminal: hasTerminal
            )
        }

        /// Types a line that was printed into a shell.
        func shell(_ line: String) throws -> ChildProcess {
            try ChildProcess("/bin/sh", ["-c", "exec " + line], environment: environment)
        }

        private var environment: [String: String] { ["PATH": "/usr/bin:/bin", "HOME": directory.path] }

        /// The person with the browser, who approves what is printed.
        func browse(_ process: ChildProcess) async throws {
            let page = network.authorizationServerURL.with(path: "/oauth/authorize").description
            let line = await process.line(within: .seconds(30)) { $0.contains(page) }
            let address = try #require(line?.split(whereSeparator: \.isWhitespace).first, tail(process))
            let http = CurlHTTPClient.loopback()
            let callback = try await http.send(HTTPRequest(.get, WebURL(String(address)))).headers["Location"]
            _ = try await http.send(HTTPRequest(.get, WebURL(try #require(callback))))
        }

        /// Answers each question when it is asked: by what it begins with, the line that is typed.
        func answer(_ process: ChildProcess, _ answers: [(String, String)]) async throws {
            for (question, line) in answers {
                try #require(
                    await process.line(within: .seconds(20)) { $0.hasPrefix(question) } != nil,
                    tail(process)
                )
                process.type(line + "\n")
            }
        }

        func delivered(_ count: Int) async -> [String] {
            await network.chat.messages(reaching: count, within: .seconds(20)).map(\.text)
        }

        /// Runs the daemon by the line that starts it, and has somebody write a change request.
        func hears(by line: String, of title: String, as number: Int) async throws {
            let daemon = try shell(line)
            let subject = JSONValue.string(project.text)
            let isListening = await daemon.line(within: .seconds(20)) { $0.contains("stream open") } != nil
            #expect(isListening, tail(daemon))
            let record: JSONValue = ["title": .string(title), "subject": subject]
            try network.createRecord(by: author, collection: "org.example.change.request", record: record)
            #expect(await delivered(number).last?.contains(title) == true, tail(daemon))
            daemon.signal(SIGTERM)
            #expect(await daemon.ended(within: .seconds(20)) == .exited(0), tail(daemon))
        }

        /// The lines that are to be typed next.
        func commands(_ process: ChildProcess) -> [String] {
            process.output.map { String($0.filter { $0 != "\r" && $0 != "\r\n" }) }
                .filter { $0.hasPrefix("  ") && $0.contains("impact-notifier") }
        }
    }

    @Test func `leads to the first message without a terminal, by options and the commands that it prints`()
        async throws
    {
        let ground = try await Ground()
        let process = try ground.start([
            "--account", "@notifier.test", "--rule", "change-request", "--recipients", "anyone", "--send-to",
            "owner.test",
        ])
        #expect(await process.ended(within: .seconds(30)) == .exited(0), tail(process))
        let commands = ground.commands(process)
        try #require(commands.count == 3, tail(process))
        let login = try ground.shell(commands[0])
        try await ground.browse(login)
        #expect(await login.ended(within: .seconds(20)) == .exited(0), tail(login))
        let doctor = try ground.shell(commands[1])
        #expect(await doctor.ended(within: .seconds(60)) == .exited(0), tail(doctor))
        #expect(await ground.delivered(1).first?.contains("This is a test") == true)
        try await ground.hears(by: commands[2], of: "After init", as: 2)
    }

    private static let questions = [
        "1. Which account", "2. What is to be told of", "3. How does it log in", "4. Who gets messages",
        "5. Log in now",
    ]

    @Test func `leads to the first message in a terminal, by five answers`() async throws {
        let ground = try await Ground()
        let process = try ground.start([], hasTerminal: true)
        let lines = ["notifier.test", "change-request", "", "anyone", "owner.test"]
        try await ground.answer(process, Array(zip(Self.questions, lines)))
        try await ground.browse(process)
        #expect(await process.ended(within: .seconds(90)) == .exited(0), tail(process))
        #expect(await ground.delivered(1).first?.contains("This is a test") == true, tail(process))
        try await ground.hears(by: try #require(ground.commands(process).last), of: "After five answers", as: 2)
    }

    @Test func `takes an app password in a terminal, and shows nothing of it`() async throws {
        let ground = try await Ground()
        let password = ground.network.createAppPassword(for: ground.bot, isPrivileged: true)
        let process = try ground.start([], hasTerminal: true)
        let lines = ["notifier.test", "change-request", password, "anyone", "owner.test"]
        try await ground.answer(process, Array(zip(Self.questions, lines)))
        #expect(await process.ended(within: .seconds(90)) == .exited(0), tail(process))
        #expect(await ground.delivered(1).count == 1, tail(process))
        #expect(!process.output.contains { $0.contains(password) })
        #expect(ground.directory.text("secrets/app-password") == password + "\n")
        #expect(!ground.directory.text("impact-notifier.yaml").contains(password))
    }

    @Test(arguments: 0..<5) func `ends with nothing written, by Ctrl-C or Ctrl-D at any question`(count: Int)
        async throws
    {
        let ground = try await Ground()
        for (key, ending) in [("\u{3}", ChildProcess.Ending.exited(130)), ("\u{4}", .exited(1))] {
            let process = try ground.start([], hasTerminal: true)
            let answers = Array(zip(Self.questions, ["notifier.test", "change-request", "", "anyone"]).prefix(count))
            try await ground.answer(process, answers)
            let question = Self.questions[count]
            #expect(await process.line(within: .seconds(20)) { $0.hasPrefix(question) } != nil, tail(process))
            process.type(key)
            #expect(await process.ended(within: .seconds(20)) == ending, tail(process))
            #expect(ground.directory.names.isEmpty)
        }
    }

    @Test func `makes a rule after a record, and it tells the owner`() async throws {
        let ground = try await Ground()
        let record = try ground.network.createRecord(
            by: ground.author,
            collection: "com.example.ask",
            record: ["text": "Mend the door", "about": ["uri": .string(ground.project.text)]]
        )
        let process = try ground.start(["--account", "notifier.test", "--rule", record.text, "--recipients", "anyone"])
        #expect(await process.ended(within: .seconds(30)) == .exited(0), tail(process))
        #expect(process.output.contains { $0.contains("Mend the door") }, "the record is shown")
        let command = try #require(ground.commands(process).first { $0.contains("rules try") }, tail(process))
        let trial = try ground.shell(command)
        #expect(await trial.ended(within: .seconds(30)) == .exited(0), tail(trial))
        #expect(trial.output.contains { $0.contains("would send to \(ground.owner.did)") }, tail(trial))
    }

    @Test func `prints the configuration and nothing else, and writes no file`() async throws {
        let ground = try await Ground()
        let binary = try #require(Stage.binary)
        let process = try ground.shell(
            "\(binary) init --print --config \(ground.path) --account notifier.test --rule leaflet "
                + "--set identity.plc_directory=\(ground.network.plcURL.origin) "
                + "--set identity.appview=\(ground.network.appViewURL.origin) --set development.allow_loopback=true 2>/dev/null"
        )
        #expect(await process.ended(within: .seconds(30)) == .exited(0), tail(process))
        #expect(process.output.first?.hasPrefix("# impact-notifier configuration") == true, tail(process))
        #expect(process.output.contains("account: \(ground.bot.did)  # notifier.test"), tail(process))
        #expect(ground.directory.names.isEmpty)
        let place = try ground.directory.write(process.output.joined(separator: "\n"), to: "printed.yaml")
        let check = try ground.shell("\(binary) check --config \(place)")
        #expect(await check.ended(within: .seconds(30)) == .exited(0), tail(check))
    }

    @Test func `replaces no file, and says which one is there`() async throws {
        let ground = try await Ground()
        try ground.directory.write("account: did:plc:mine\n", to: "impact-notifier.yaml")
        let process = try ground.start(["--account", "notifier.test", "--rule", "leaflet"])
        #expect(await process.ended(within: .seconds(30)) == .exited(73), tail(process))
        #expect(process.output.contains { $0.contains(ground.path) && $0.contains("--print") }, tail(process))
        #expect(ground.directory.text("impact-notifier.yaml") == "account: did:plc:mine\n")
    }

    @Test(
        arguments: [
            ([], 64, "--account HANDLE, --rule NAME|AT-URI"),
            (["--account", "notifier.test", "--rule", "tangeld"], 64, "did you mean 'tangled'?"),
            (["--account", "nobody.test", "--rule", "tangled"], 69, "nobody.test"),
            (["--account", "notifier.test", "--rule", "tangled", "--set", "polcy.x=1"], 64, "there is no key"),
            (
                ["--account", "notifier.test", "--rule", "tangled", "--session", "app-password"], 78,
                "secrets/app-password"
            ),
        ] as [([String], Int32, String)]
    )
    func `says without a terminal what is missing or wrong, and writes nothing`(
        arguments: [String],
        status: Int32,
        words: String
    ) async throws {
        let ground = try await Ground()
        let process = try ground.start(arguments)
        #expect(await process.ended(within: .seconds(30)) == .exited(status), tail(process))
        #expect(process.output.contains { $0.contains(words) }, tail(process))
        #expect(ground.directory.names.isEmpty)
    }
}
