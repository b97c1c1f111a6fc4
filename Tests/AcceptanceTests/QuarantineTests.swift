import ATProtocol
import Glibc
import Sandbox
import TestSupport
import Testing

/// What cannot be read is said once, kept, and can be looked at.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `Events that cannot be read` {
    @Test func `are one line, and a command lists and shows them`() async throws {
        let stage = try await Stage()
        let process = try stage.daemon.run()
        try #require(await stage.isListening(process), tail(process))
        while stage.network.streamHosts[0].subscriberCount == 0 { await Task.yield() }
        let nonsense = "{not json\u{1B}[31m"
        for _ in 0..<300 { stage.network.streamHosts[0].inflict(.text(nonsense)) }
        stage.network.streamHosts[0].inflict(.binary([0xFF, 0x00]))
        try stage.ask("Behind them")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        func run(_ arguments: String...) async throws -> (ending: ChildProcess.Ending, lines: [String]) {
            let command = try stage.daemon.start(arguments: arguments)
            return (await command.ended(within: .seconds(20)), command.output)
        }
        let listed = try await run("quarantine")
        #expect(listed.ending == .exited(0) && listed.lines.count == 51, "\(listed.lines)")
        #expect(listed.lines.first?.hasPrefix("NUMBER ") == true)
        let newest = try #require(listed.lines.dropFirst().first)
        #expect(
            newest.contains(" -  ") && newest.contains("malformed-message  it is not an event that can be read")
                && newest.contains("2 bytes")
        )
        let objects = try await run("quarantine", "list", "--limit", "1000", "--json").lines.map {
            try JSONValue(parsing: $0)
        }
        #expect(objects.count == 301 && objects.allSatisfy { $0["reason"] == "malformed-message" })
        let first = try #require(objects.last?["id"]?.integer)
        let shown = try await run("quarantine", "show", "\(first)")
        #expect(shown.ending == .exited(0) && shown.lines.contains(#"  │ {not json\u001b[31m"#), "\(shown.lines)")
        let object = try JSONValue(
            parsing: try #require(try await run("quarantine", "show", "\(first)", "--json").lines.first)
        )
        #expect(object["bytes"]?.dataBytes == Array(nonsense.utf8))
        // The output of a command is a pipe here.
        #expect(try await run("quarantine", "show", "\(first)", "--raw").lines == [nonsense])
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        let lines = process.output.filter { $0.contains("events put aside that cannot be read") }
        // One at once, and at the end what came behind it.
        #expect((1...2).contains(lines.count), "\(lines)")
        let counts = lines.compactMap { $0.firstMatch(of: #/count=(\d+)/#).flatMap { Int($0.1) } }
        #expect(counts.reduce(0, +) == 301, "\(lines)")
        #expect(!lines.contains { $0.contains("\u{1B}") })
    }
}
