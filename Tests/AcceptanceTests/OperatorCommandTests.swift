import ATProtocol
import Glibc
import Sandbox
import Testing

/// The commands on the ledger of a real run, beside the daemon and without it.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The operator's commands` {
    /// A ledger with one request in each of four states, and the daemon that wrote it.
    private struct Ground {
        let stage: Stage
        let process: ChildProcess
        let uncertain: String
        let delivered: String
        let deferred: String
        let dropped: String

        init() async throws {
            stage = try await Stage(owners: 3, overrides: ["sending.settle": "100ms"])
            try stage.network.setAllowIncoming(.none, of: stage.owners[1])
            stage.network.setBlocking(true, stage.owners[2], stage.bot)
            stage.network.faults.add(.dropBefore, on: "sendMessage", count: 2)
            process = try stage.daemon.run()
            uncertain = try stage.ask("Doubt")
            #expect(await Self.line(process, "job needs a decision", uncertain) != nil, tail(process))
            delivered = try stage.ask("Arrives")
            deferred = try stage.ask("Nobody may write", of: 1)
            dropped = try stage.ask("Blocked", of: 2)
            #expect(await Self.line(process, "message delivered", delivered) != nil, tail(process))
            #expect(await Self.line(process, "job waits", deferred) != nil, tail(process))
            #expect(await Self.line(process, "job dropped", dropped) != nil, tail(process))
        }

        static func line(_ process: ChildProcess, _ message: String, _ uri: String) async -> String? {
            await process.line(within: .seconds(20)) { $0.contains(message) && $0.contains(uri) }
        }

        func stop() async {
            process.signal(SIGTERM)
            #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        }

        /// Runs a command to its end.
        func run(_ arguments: String...) async throws -> (ending: ChildProcess.Ending, lines: [String]) {
            let command = try stage.daemon.start(arguments: arguments)
            return (await command.ended(within: .seconds(20)), command.output)
        }

        /// Runs a command with `--json`; it must succeed and print nothing but objects.
        func objects(_ arguments: String...) async throws -> [JSONValue] {
            let command = try stage.daemon.start(arguments: arguments + ["--json"])
            #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
            return try command.output.map { try JSONValue(parsing: $0) }
        }
    }

    private static let unknown = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/org.example.changeRequest/nothing"

    @Test(arguments: [true, false]) func `tell what is in the ledger`(isRunning: Bool) async throws {
        let ground = try await Ground()
        if !isRunning { await ground.stop() }
        let list = try await ground.run("jobs", "list")
        #expect(list.ending == .exited(0))
        #expect(list.lines.count == 5)
        #expect(list.lines.first?.hasPrefix("STATE ") == true, "\(list.lines)")
        #expect(
            list.lines.contains { $0.hasPrefix("deferred") && $0.contains(ground.deferred) && $0.contains(" ago ") }
        )
        #expect(try await ground.run("jobs").lines.count == 5)
        let short = try await ground.run("jobs", "list", "--limit", "1").lines
        #expect(short.count == 3 && short.contains("There are more than 1: --limit shows them."), "\(short)")
        #expect(try await ground.objects("jobs", "list", "--limit", "1").count == 1)
        let jobs = try await ground.objects("jobs", "list")
        let states = Dictionary(uniqueKeysWithValues: jobs.map { ($0["uri"]?.string ?? "", $0["state"]?.string) })
        #expect(
            states == [
                ground.uncertain: "uncertain", ground.delivered: "delivered", ground.deferred: "deferred",
                ground.dropped: "dropped",
            ]
        )
        let deferred = try await ground.objects("jobs", "list", "--state", "deferred")
        #expect(deferred.map { $0["reason"]?.string } == ["owner-disabled-messages"])
        let owner = "@" + ground.stage.owners[2].handle.text
        let filters: [([String], Set<String>)] = [
            (["--owner", owner], [ground.dropped]),
            (["--author", ground.stage.author.did.text, "--state", "dropped"], [ground.dropped]),
            (["--rule", "change-request", "--reason", "sends-exhausted"], [ground.uncertain]),
            (["--newer-than", "1h", "--state", "delivered"], [ground.delivered]), (["--older-than", "1h"], []),
        ]
        for (filter, expected) in filters {
            let command = try ground.stage.daemon.start(arguments: ["jobs", "list", "--json"] + filter)
            #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
            let found = try command.output.map { try JSONValue(parsing: $0)["uri"]?.string ?? "" }
            #expect(Set(found) == expected, "\(filter)")
        }
        let shown = try await ground.run("jobs", "show", ground.dropped)
        #expect(shown.ending == .exited(0))
        #expect(shown.lines.contains { $0.hasPrefix("state:") && $0.contains("owner-blocked") })
        #expect(shown.lines.contains { $0.hasPrefix("next:") })
        #expect(try await ground.objects("jobs", "show", ground.uncertain).first?["reason"] == "sends-exhausted")

        let story = try await ground.run("explain", ground.uncertain)
        #expect(story.ending == .exited(0))
        let order = ["seen: create", "send-message: verify", "read-messages: not found", "sent 2 times", "next:"]
        let places = order.map { words in story.lines.firstIndex { $0.contains(words) } ?? -1 }
        #expect(!places.contains(-1) && places == places.sorted(), "\(story.lines)")
        let explained = try #require(try await ground.objects("explain", ground.uncertain).first)
        #expect(explained["attempts"]?.array?.first?["reason"] == "outcome-unknown")
        #expect(explained["sightings"]?.array?.count == 1)
        #expect(explained["messages"]?.array?.first?["sends"] == .integer(2))
        #expect(explained["messages"]?.array?.first?["reference"]?.string?.hasPrefix("ref-") == true)
        #expect(explained["jobs"]?.array?.first?["state"] == "uncertain")

        let suppressed = try await ground.objects("suppress", "list")
        #expect(suppressed.map { $0["did"]?.string } == [ground.stage.owners[2].did.text])
        #expect(try await ground.run("suppress").lines.last?.contains("owner-blocked") == true)
        #expect(ground.process.ending == (isRunning ? nil : .exited(0)))
    }

    @Test func `change the ledger under a running daemon, which acts on it`() async throws {
        let ground = try await Ground()
        let retried = try await ground.objects("jobs", "retry", ground.uncertain)
        #expect(retried.map { $0["state"]?.string } == ["verify"])
        #expect(await Ground.line(ground.process, "message delivered", ground.uncertain) != nil, tail(ground.process))
        #expect(ground.stage.count("Doubt") == 1)
        let again = try await ground.run("jobs", "retry", ground.uncertain)
        #expect(again.ending == .exited(1))
        #expect(again.lines.first?.contains("Nothing to do") == true)

        let owner = ground.stage.owners[1].did.text
        let added = try await ground.objects("suppress", "add", owner, "--note", "asked by mail")
        #expect(added.first?["called_off"] == .integer(1))
        #expect(try await ground.objects("jobs", "show", ground.deferred).first?["state"] == "dropped")
        let listed = try await ground.objects("suppress", "list")
        #expect(listed.first?["note"] == "asked by mail")
        let late = try ground.stage.ask("Suppressed", of: 1)
        let line = await Ground.line(ground.process, "job dropped", late)
        #expect(line?.contains("owner-suppressed") == true, tail(ground.process))
        let handle = ground.stage.owners[1].handle.text
        #expect(try await ground.objects("suppress", "remove", "@" + handle).first?["removed"] == true)
        #expect(try await ground.objects("suppress", "list").count == 1)
        #expect(try await ground.run("suppress", "add", "nobody.test").ending == .exited(69))
        #expect(ground.process.ending == nil)
    }

    @Test func `change what a recipient wants under a running daemon, which heeds it`() async throws {
        let ground = try await Ground()
        let owner = ground.stage.owners[0]
        let wanted = ["--digest", "daily", "--mute", "Engine", "--days", "2"]
        let command = try ground.stage.daemon.start(arguments: ["recipients", "set", owner.did.text] + wanted)
        #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
        let muted = try ground.stage.ask("Muted")
        let line = await Ground.line(ground.process, "job dropped", muted)
        #expect(line?.contains("project-muted") == true, tail(ground.process))
        let shown = try #require(try await ground.objects("recipients", "show", "@" + owner.handle.text).first)
        #expect(shown["digest"] == "daily" && shown["mention"] == .null && shown["suppressed"] == false)
        #expect(shown["projects"]?.array?.first?["muted"] == true)
        #expect(shown["projects"]?.array?.first?["muted_until"]?.string?.hasSuffix("Z") == true)
        let lines = try await ground.run("recipients", "set", owner.did.text, "--digest", "default", "--unmute", "all")
            .lines
        #expect(lines.contains("digest:       by digest.window"))
        #expect(lines.contains { $0.hasPrefix("project:      'Engine'") && !$0.contains("muted") })
        let forgotten = try #require(try await ground.objects("recipients", "forget", owner.did.text).first)
        #expect(forgotten["requests"] == 3 && forgotten["messages"] == 2 && forgotten["suppressed"] == false)
        #expect(try await ground.run("jobs", "show", muted).ending == .exited(1))
        #expect(ground.process.ending == nil)
    }

    @Test func `change the ledger of a daemon that is away, which acts on it when it is back`() async throws {
        let ground = try await Ground()
        await ground.stop()
        let dropped = try await ground.run("jobs", "drop", ground.deferred)
        #expect(dropped.ending == .exited(0))
        #expect(dropped.lines.contains { $0.hasPrefix("dropped") && $0.contains("operator-decision") }, "\(dropped)")
        #expect(try await ground.objects("jobs", "drop", ground.uncertain).first?["state"] == "dropped")
        let owner = ground.stage.owners[2]
        #expect(try await ground.run("suppress", "remove", owner.did.text).ending == .exited(0))
        ground.stage.network.setBlocking(false, owner, ground.stage.bot)
        #expect(try await ground.objects("jobs", "retry", ground.dropped).first?["state"] == "lookup")
        let process = try ground.stage.daemon.run()
        #expect(await Ground.line(process, "message delivered", ground.dropped) != nil, tail(process))
        #expect(ground.stage.network.chat.messages.count == 2)
    }

    @Test func `decide about all that a filter means, once somebody said yes`() async throws {
        let ground = try await Ground()
        await ground.stop()
        // No terminal, no --yes: what would be done is said, and nothing is.
        let asked = try await ground.run("jobs", "drop", "--older-than", "0s")
        #expect(asked.ending == .exited(64), "\(asked.lines)")
        #expect(asked.lines.first == "2 would be dropped: 1 deferred, 1 uncertain.", "\(asked.lines)")
        #expect(asked.lines.last?.contains("--yes") == true, "\(asked.lines)")
        #expect(try await ground.objects("jobs", "show", ground.deferred).first?["state"] == "deferred")
        // On a terminal it asks.
        for (answer, ending) in [("no\n", ChildProcess.Ending.exited(1)), ("yes\n", .exited(0))] {
            let arguments = ["jobs", "drop", "--state", "deferred"]
            let command = try ground.stage.daemon.start(arguments: arguments, hasTerminal: true)
            let question = await command.line(within: .seconds(20)) { $0.contains("Type 'yes'") }
            #expect(question != nil, tail(command))
            command.type(answer)
            #expect(await command.ended(within: .seconds(20)) == ending, tail(command))
        }
        #expect(try await ground.objects("jobs", "show", ground.deferred).first?["reason"] == "operator-decision")
        let dropped = try await ground.objects("jobs", "drop", "--state", "uncertain", "--yes")
        #expect(dropped == [["changed": 1, "concerned": ["uncertain": 1], "decision": "drop"]])
        let nothing = try await ground.run("jobs", "drop", "--state", "uncertain", "--yes")
        #expect(nothing.ending == .exited(1) && nothing.lines.first?.hasPrefix("Nothing to do: ") == true)
        let owner = ground.stage.owners[2]
        #expect(try await ground.run("suppress", "remove", owner.did.text).ending == .exited(0))
        ground.stage.network.setBlocking(false, owner, ground.stage.bot)
        let retried = try await ground.objects("jobs", "retry", "--owner", "@" + owner.handle.text, "--yes")
        #expect(retried == [["changed": 1, "concerned": ["dropped": 1], "decision": "retry"]])
        let process = try ground.stage.daemon.run()
        #expect(await Ground.line(process, "message delivered", ground.dropped) != nil, tail(process))
    }

    @Test func `say by their exit status that there is nothing, or that the question is wrong`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let cases: [(arguments: [String], status: Int32)] = [
            (["jobs", "list"], 0), (["jobs", "list", "--json"], 0), (["suppress", "list"], 0),
            (["jobs", "show", Self.unknown], 1), (["jobs", "retry", Self.unknown], 1),
            (["jobs", "drop", Self.unknown, "--json"], 1), (["explain", Self.unknown], 1),
            (["explain", Self.unknown, "--json"], 1), (["suppress", "remove", "did:plc:nobody"], 1),
            (["jobs", "show", "https://example.org/"], 64), (["jobs", "show"], 64), (["explain", "nonsense"], 64),
            (["jobs", "list", "--state", "asleep"], 64), (["suppress", "add", "nohandle"], 64),
            (["jobs", "list", "--limit", "0"], 64), (["jobs", "list", "--older-than", "soon"], 64),
            (["jobs", "list", "--owner", "nobody.test"], 69), (["jobs", "drop"], 64),
            (["jobs", "drop", Self.unknown, "--state", "queued"], 64), (["jobs", "drop", "--rule", "x", "--yes"], 1),
            (["jobs", "show", "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"], 64),
            (["explain", "at://nobody.test/org.example.changeRequest/nothing"], 69),
            (["jobs", "move", "old", "change-request"], 1), (["jobs", "move", "old", "none"], 78),
            (["suppress", "add", "did:plc:x"], 64),
            (["recipients", "show", "did:plc:nobody"], 0), (["recipients", "set", "did:plc:nobody"], 64),
            (["recipients", "set", "did:plc:nobody", "--digest", "often"], 64),
            (["recipients", "set", "did:plc:nobody", "--hourly-limit", "0"], 64),
            (["recipients", "set", "did:plc:nobody", "--digest", "now", "--days", "3"], 64),
            (["recipients", "set", "did:plc:nobody", "--mute", "Engine"], 1),
            (["recipients", "set", "did:plc:nobody", "--digest", "daily", "--unmute", "Engine"], 1),
            (["recipients", "forget", "did:plc:nobody"], 0), (["recipients", "forget", "nohandle"], 64),
            (["quarantine"], 0), (["quarantine", "list", "--json"], 0), (["quarantine", "show", "1"], 1),
            (["quarantine", "show", "one"], 64), (["quarantine", "show", "1", "--raw", "--json"], 64),
            (["jobs", "frobnicate"], 64), (["template", "preview", "--rule", "none"], 64),
            (["template", "preview", "--record", "/nonexistent.json"], 66),
            (["template", "preview", "--record", "/proc/self/cmdline"], 65),
        ]
        let early = try stage.daemon.start(arguments: ["jobs", "list"])
        #expect(await early.ended(within: .seconds(20)) == .exited(73), tail(early))
        unsafe mkdir(stage.daemon.statePath, 0o700)
        for (arguments, status) in cases {
            let command = try stage.daemon.start(arguments: arguments)
            let ending = await command.ended(within: .seconds(20))
            #expect(ending == .exited(status), "\(arguments): \(command.output)")
            #expect(status == 0 || !command.output.isEmpty, "\(arguments)")
        }
    }

    @Test func `show what a message will look like`() async throws {
        let stage = try await Stage(overrides: ["message.about": "Run by the Windmill team"], isLoggedIn: false)
        func preview(_ arguments: String...) async throws -> [String] {
            let command = try stage.daemon.start(arguments: ["template", "preview"] + arguments)
            #expect(await command.ended(within: .seconds(20)) == .exited(0), tail(command))
            return command.output
        }
        #expect(try await preview().contains { $0.contains("STOP") })
        let record = #"{"title":"Mend the door https://evil.example","subject":"\#(stage.project(of: 0))"}"#
        unsafe mkdir(stage.daemon.statePath, 0o700)
        try stage.daemon.replaceState("record.json", record)
        let file = stage.daemon.statePath + "/record.json"
        #expect(try await preview("--record", file).contains { $0.contains("Mend the door") })
        let lines = try await preview("--rule", "change-request", "--record", file, "--json")
        let message = try JSONValue(parsing: try #require(lines.first))
        // The author's own address is not passed on, the rule's is the only link.
        #expect(message["text"]?.string?.contains("Mend the door [link]") == true)
        #expect(message["facets"]?.array?.count == 1)
        #expect(try await preview("--count", "3").contains { $0.contains("3 new change requests") })
        #expect(try await preview("--first").contains("Run by the Windmill team"))
        #expect(try await !preview().contains("Run by the Windmill team"))
    }

    @Test func `take --config before, between and behind their names`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let absent = ["--config", "/nonexistent.yaml"]
        let commands = [["jobs", "list"], ["suppress", "list"], ["template", "preview"], ["session", "status"]]
        for command in commands {
            let placements = [
                absent + command, [command[0]] + absent + [command[1]], command + absent,
            ]
            for arguments in placements {
                let process = try stage.daemon.start(arguments: arguments)
                #expect(await process.ended(within: .seconds(20)) == .exited(78), "\(arguments): \(process.output)")
                #expect(process.output.contains { $0.contains("/nonexistent.yaml") }, "\(arguments)")
            }
        }
        let check = try stage.daemon.start(arguments: absent + ["check"])
        #expect(await check.ended(within: .seconds(20)) == .exited(78), tail(check))
    }
}
