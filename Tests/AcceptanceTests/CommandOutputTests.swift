import Sandbox
import TestSupport
import Testing

/// A program that the daemon starts for each notification.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A command output` {
    @Test func `inherits none of the daemon's connections, and nothing of its settings`() async throws {
        let directory = try TemporaryDirectory()
        let stage = try await Stage(overrides: ["log.level": "debug"])
        let script = "cd \(directory.path); exec > fd; ls /proc/$$/fd; cat /proc/$$/environ > environment; cat > told"
        try stage.daemon.extendConfiguration(
            """
            outputs:
              - name: look
                command: [/bin/sh, -c, "\(script); mv told done"]
            """
        )
        let process = try stage.daemon.run()
        let uri = try stage.ask("Looked at")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        process.signal(15)
        // What waits when the daemon ends is still handed over.
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        #expect(directory.text("done").contains(uri), tail(process))
        #expect(directory.text("fd") == "0\n1\n2\n")
        let variables = directory.text("environment").split(separator: "\0").map { $0.prefix { $0 != "=" } }
        #expect(Set(variables) == ["PATH", "HOME"])
    }
}
