import FoundationEssentials
import Glibc
import Network
import Notifier
import Sandbox
import TestSupport
import Testing

/// `reload`, which the unit's ExecReload is: its status is what came of it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A reload that is asked for by command` {
    @Test func `ends with 0 when the new configuration is in force, and with 78 when the old one stays`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try await reload(stage, status: 0, says: "in force")
        try stage.daemon.changeConfiguration("state_directory: ", to: "state_directory: /tmp/elsewhere-")
        let elsewhere = try stage.daemon.start("reload")
        #expect(await elsewhere.ended(within: .seconds(20)) == .exited(69), tail(elsewhere))
        try stage.daemon.changeConfiguration("  kind: loopback", to: "  kind: loopback\n  login_port: 4711")
        try await reload(stage, status: 78, says: "only a restart changes session")
        try stage.daemon.extendConfiguration("")
        try await reload(stage, status: 0, says: "in force")
        try stage.ask("After it all")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
    }

    @Test(arguments: [
        ("/xrpc/network.bsky.jetstream.subscribeEvents", "/subscribe/", "stream.hosts[0]"),
        (
            "/xrpc/network.bsky.jetstream.subscribeEvents",
            "/xrpc/network.bsky.jetstream.subscribeEvents?kinds=commit", "stream.hosts[0]"
        ),
        ("rules:", "outputs: [{name: audit, file: /nonexistent/audit.jsonl}]\nrules:", "outputs[0].file"),
    ]) func `is refused when what it says cannot run, and the daemon goes on`(
        line: String,
        other: String,
        key: String
    ) async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try stage.daemon.changeConfiguration(line, to: other)
        try await reload(stage, status: 78, says: key)
        try stage.ask("After it all")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        #expect(process.ending == nil, tail(process))
    }

    @Test func `is refused when the authorities have become unreadable, and the daemon goes on`() async throws {
        let server = try StreamTLSServer(names: "DNS:localhost")
        defer { server.stop() }
        let authority = try String(contentsOfFile: server.certificateFile, encoding: .utf8)
        let directory = try TemporaryDirectory()
        let path = try directory.write(authority, to: "ca.pem")
        let stage = try await Stage(overrides: ["network.certificate_authority_file": path])
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try directory.write(String(authority.dropLast(60)), to: "ca.pem")
        try await reload(stage, status: 78, says: "must be whole")
        try stage.ask("After it all")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        try directory.write(authority, to: "ca.pem")
        try await reload(stage, status: 0, says: "in force")
        withExtendedLifetime(directory) {}
    }

    @Test func `does not speak for a daemon that reads another configuration`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        let other = try LocalDaemon(binary: try #require(Stage.binary), network: stage.network, account: stage.author)
        try other.changeConfiguration(
            "state_directory: \(other.statePath)",
            to: "state_directory: \(stage.daemon.statePath)"
        )
        let command = try other.start("reload")
        #expect(await command.ended(within: .seconds(20)) == .exited(78), tail(command))
        #expect(command.output.contains { $0.contains(stage.daemon.configurationPath) }, tail(command))
        let logout = try other.start("logout")
        #expect(await logout.ended(within: .seconds(20)) == .exited(78), tail(logout))
        try stage.ask("Still logged in")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
    }

    @Test func `waits for the message that is under way, and two at once are both answered`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        stage.network.faults.add(Fault(.delay(.seconds(2))), on: "sendMessage")
        try stage.ask("Under way")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        let (one, other) = (try stage.daemon.start("reload"), try stage.daemon.start("reload"))
        #expect(await one.ended(within: .seconds(20)) == .exited(0), tail(one))
        #expect(await other.ended(within: .seconds(20)) == .exited(0), tail(other))
        #expect(process.ending == nil, tail(process))
    }

    @Test func `does not make a rate limit or the block of an author forgotten, and no kill does`() async throws {
        let endpoint = StatusEndpoint()
        let stage = try await Stage(
            overrides: [
                "status.listen": endpoint.address, "sending.first_limit_wait": "1h",
                "sending.maximum_limit_wait": "1h", "policy.author_burst": "3",
                "log.level": "debug",
            ]
        )
        let limit = HTTPResponse(
            status: 429,
            headers: ["RateLimit-Remaining": "2900"],
            body: Array(#"{"error":"RateLimitExceeded"}"#.utf8)
        )
        stage.network.faults.add(Fault(.respond(limit)), on: "sendMessage")
        var process = try stage.daemon.run()
        try stage.ask("Limited")
        func isHeld() async -> Bool {
            await endpoint.shows("/status") { $0.contains(Reason.chatRateLimited.rawValue) }
        }
        #expect(await isHeld(), tail(process))
        try await reload(stage, status: 0, says: "in force")
        #expect(await isHeld(), tail(process))
        var sends: Int { stage.network.journal.entries(matching: "sendMessage").count }
        let known = sends
        var refused = ""
        for title in ["Two", "Three", "Four", "Five"] { refused = try stage.ask(title) }
        // That is said when it is stored.
        func isRefused(_ uri: String) async -> Bool {
            await process.line(within: .seconds(20)) { $0.contains(uri) && $0.contains("author-burst") } != nil
        }
        #expect(await isRefused(refused), tail(process))
        try await stage.kill(process)
        process = try stage.daemon.run()
        #expect(await isHeld(), tail(process))
        #expect(await isRefused(try stage.ask("Six")), tail(process))
        #expect(!process.output.contains { $0.contains("author blocked") }, tail(process))
        #expect(sends == known, tail(process))
    }

    @Test func `says when no daemon runs, also behind one that was killed`() async throws {
        let stage = try await Stage()
        try await reload(stage, status: 69, says: "No daemon runs")
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        try await stage.kill(process)
        try await reload(stage, status: 69, says: "No daemon runs")
        try stage.daemon.extendConfiguration("surprise: 1\n")
        try await reload(stage, status: 78, says: "surprise")
    }

    private func reload(_ stage: Stage, status: Int32, says words: String) async throws {
        let command = try stage.daemon.start("reload")
        #expect(await command.ended(within: .seconds(20)) == .exited(status), tail(command))
        #expect(command.output.contains { $0.contains(words) }, tail(command))
    }
}
