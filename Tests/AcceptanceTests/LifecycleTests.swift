import ATProtocol
import Glibc
import Network
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The daemon as a process` {
    @Test func `SIGTERM lets the message that is on its way arrive, and ends with 0`() async throws {
        let stage = try await Stage()
        stage.network.faults.add(Fault(.delay(.seconds(1))), on: "sendMessage", count: 10)
        let process = try stage.daemon.run()
        try stage.ask("Under way")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        stage.network.faults.clear()
        let next = try stage.daemon.run()
        try stage.ask("After")
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: next) == 2, tail(next))
        #expect(stage.count("Under way") == 1)
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1])
    func `a signal does what it should from the first line of the log on`(number: Int32) async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await process.line(within: .seconds(20)) { _ in true } != nil)
        process.signal(number)
        if number != SIGTERM { process.signal(SIGTERM) }
        let ending = await process.ended(within: .seconds(20))
        #expect(ending == .exited(0), "\(ending): \(tail(process))")
    }

    @Test func `SIGTERM breaks off look-ups that hang, and the next start begins them anew`() async throws {
        let stage = try await Stage()
        stage.network.faults.add(Fault(.silence(.seconds(60))), on: "getRecord", count: 100)
        let entries = stage.network.journal.stream()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try stage.ask("While it hangs")
        for await entry in entries where entry.request.target.contains("getRecord") { break }
        process.signal(SIGTERM)
        // A question to a stranger's host may take ten seconds.
        #expect(await process.ended(within: .seconds(8)) == .exited(0), tail(process))
        stage.network.faults.clear()
        let next = try stage.daemon.run()
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: next) == 1, tail(next))
    }

    @Test func `the owner reads who asks, by handle, and for what`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try stage.ask("Add a gear")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let text = stage.network.chat.messages.first?.text ?? ""
        #expect(text.hasPrefix("grace.test asks for a change of “Engine”: “Add a gear”"), "\(text)")
    }

    @Test func `what was written while it was away is delivered when it is back`() async throws {
        let stage = try await Stage()
        let first = try stage.daemon.run()
        try stage.ask("Before")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: first) == 1, tail(first))
        first.signal(SIGTERM)
        #expect(await first.ended(within: .seconds(20)) == .exited(0), tail(first))
        for number in 0..<5 { try stage.ask("Meanwhile \(number).") }
        let second = try stage.daemon.run()
        #expect(await stage.messages(reaching: 6, within: .seconds(20), unless: second) == 6, tail(second))
    }

    @Test func `SIGHUP reads the configuration again, and a wrong one changes nothing`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        process.signal(SIGHUP)
        let reloaded = await process.line(within: .seconds(10)) {
            $0.contains("configuration") && $0.contains("reload")
        }
        #expect(reloaded != nil, tail(process))
        try stage.ask("After the reload")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        try stage.daemon.extendConfiguration("surprise: 1\n")
        process.signal(SIGHUP)
        let refused = await process.line(within: .seconds(10)) { $0.contains("refused") && $0.contains("surprise") }
        #expect(refused != nil, tail(process))
        try stage.ask("After the refusal")
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: process) == 2, tail(process))
    }

    @Test func `a reload that names a taken port is taken over, and messages go on`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let taken = stage.network.plcURL.authority
        try stage.daemon.changeConfiguration("  listen: \"off\"", to: "  listen: \"\(taken)\"")
        process.signal(SIGHUP)
        let told = await process.line(within: .seconds(10)) { $0.contains("status endpoint failed") }
        #expect(told?.contains(taken) == true, tail(process))
        try stage.ask("After the reload")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }

    @Test func `a port that is taken at the start ends it with 69`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let taken = stage.network.plcURL.authority
        try stage.daemon.changeConfiguration("  listen: \"off\"", to: "  listen: \"\(taken)\"")
        let process = try stage.daemon.run()
        #expect(await process.ended(within: .seconds(20)) == .exited(69), tail(process))
    }

    @Test func `an address of another machine ends the start with 69, as check says`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        try stage.daemon.changeConfiguration("  listen: \"off\"", to: "  listen: \"192.0.2.1:9464\"")
        for (command, status) in [("run", Int32(69)), ("check", 78)] {
            let process = try stage.daemon.start(command)
            #expect(await process.ended(within: .seconds(20)) == .exited(status), tail(process))
            #expect(process.output.contains { $0.contains("Cannot assign requested address") }, tail(process))
        }
    }

    @Test func `SIGTERM ends a start that waits for the network, with 0`() async throws {
        let overrides = ["account": "notifier.test", "identity.appview": "http://127.0.0.1:9"]
        let stage = try await Stage(overrides: overrides, isLoggedIn: false)
        let process = try stage.daemon.run()
        let waiting = await process.line(within: .seconds(20)) { $0.contains("handle cannot be resolved") }
        #expect(waiting != nil, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(10)) == .exited(0), tail(process))
    }

    @Test func `a second SIGTERM ends at once, and what was under way is found in the conversation`() async throws {
        let stage = try await Stage()
        stage.network.faults.add(Fault(.delay(.seconds(30))), on: "sendMessage")
        let process = try stage.daemon.run()
        try stage.ask("Under way")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        process.signal(SIGTERM)
        _ = await process.line(within: .seconds(10)) { $0.contains("stopping") }
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(1), tail(process))
        let next = try stage.daemon.run()
        try stage.ask("After")
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: next) == 2, tail(next))
        #expect(stage.count("Under way") == 1)
    }

    @Test func `what a stranger wrote cannot steer the terminal of who asks about it`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let uri = try stage.ask("Escape", subject: .string("at://\u{1B}]0;owned\u{7}\n\u{202E}evil"))
        let refused = await process.line(within: .seconds(20)) { $0.contains(uri) && $0.contains("reason=") }
        #expect(refused != nil, tail(process))
        let explain = try stage.daemon.start("explain", [uri])
        #expect(await explain.ended(within: .seconds(20)) == .exited(0))
        let steering = explain.output.joined().unicodeScalars.filter {
            [.control, .format].contains($0.properties.generalCategory)
        }
        #expect(steering.isEmpty && explain.output.contains { $0.contains("evil") }, "\(explain.output)")
    }

    @Test func `a second daemon on the same state is refused with 75`() async throws {
        let stage = try await Stage()
        let first = try stage.daemon.run()
        try #require(await stage.isListening(first), tail(first))
        let second = try stage.daemon.run()
        #expect(await second.ended(within: .seconds(20)) == .exited(75), tail(second))
        try stage.ask("Still served")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: first) == 1, tail(first))
    }

    @Test func `a state directory that cannot be made ends the start with 73`() async throws {
        let stage = try await Stage(overrides: ["state_directory": "/proc/none/state"], isLoggedIn: false)
        let process = try stage.daemon.run()
        #expect(await process.ended(within: .seconds(20)) == .exited(73), tail(process))
        let check = try stage.daemon.start("check")
        #expect(await check.ended(within: .seconds(20)) == .exited(78), tail(check))
        #expect(check.output.contains { $0.contains("state_directory: /proc/none/state cannot be made") }, tail(check))
    }

    @Test func `what no message needs may be missing at the start, and what all of them need may not`() async throws {
        let stage = try await Stage()
        let absent = "outputs: [{name: audit, file: /nonexistent/audit.jsonl}]\nrules:"
        try stage.daemon.changeConfiguration("rules:", to: absent)
        let process = try stage.daemon.run()
        let warning = await process.line(within: .seconds(20)) { $0.contains("outputs[0].file") }
        #expect(warning?.contains("level=warning") == true, tail(process))
        try stage.ask("All the same")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        for (line, other) in [
            ("rules:", "network: {certificate_authority_file: /nonexistent/ca.pem}\nrules:"),
            ("  kind: loopback", "  kind: app-password\n  app_password_file: absent"),
        ] {
            try stage.daemon.changeConfiguration(line, to: other)
            let refused = try stage.daemon.run()
            #expect(await refused.ended(within: .seconds(20)) == .exited(78), tail(refused))
        }
    }

    @Test func `a wrong configuration ends the start with 78 and names file, line and key`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        try stage.daemon.extendConfiguration(
            """
            sendign:
              interval: 5s
            network: {certificate_authority_file: /nonexistent/ca.pem}
            mentions: {owners: ['did:plc:cut']}
            outputs: [{name: a, webhook: 'https://a.test/', secret_file: absent}]

            """
        )
        let keys = [
            "sendign", "network.certificate_authority_file", "mentions.owners[0]", "outputs[0].secret_file",
        ]
        for command in ["check", "run"] {
            let process = try stage.daemon.start(command)
            #expect(await process.ended(within: .seconds(20)) == .exited(78), tail(process))
            for key in keys {
                let line = process.output.first { $0.contains(": \(key): ") }
                #expect(line?.hasPrefix(stage.daemon.configurationPath + ":") == true, tail(process))
            }
        }
    }

    @Test func `without a session it keeps running and keeps the requests`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try stage.ask("Before the login")
        try await stage.daemon.logIn()
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
    }
}
