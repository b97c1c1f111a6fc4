import ATProtocol
import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// What an operator is told of the session while the daemon runs.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The status of a session` {
    private struct Answer {
        let ending: ChildProcess.Ending
        let json: JSONValue
    }

    private func status(_ stage: Stage) async throws -> Answer {
        let process = try stage.daemon.start("session", ["status", "--json"])
        let ending = await process.ended(within: .seconds(20))
        return Answer(ending: ending, json: try JSONValue(parsing: process.output.last ?? ""))
    }

    @Test func `holds what the daemon sees pass, beside what the file says`() async throws {
        let stage = try await Stage(overrides: ["status.listen": "127.0.0.1:\(unusedPort())"])
        let before = try await status(stage)
        #expect(before.ending == .exited(0) && before.json["daemon"] == .null)
        let process = try stage.daemon.run()
        #expect(await stage.isListening(process), tail(process))
        var calm = try await status(stage)
        // The endpoint may listen a moment later than the stream is read.
        _ = try await holds(within: .seconds(20)) {
            if calm.json["daemon"]?["state"] != nil { return true }
            calm = try await status(stage)
            return false
        }
        #expect(calm.ending == .exited(0), tail(process))
        #expect(calm.json["daemon"]?["state"]?.string == "ok")
        #expect(calm.json["daemon"]?["last_trouble"] == .null)
        // The access token ends for the server, and the next one has to wait.
        stage.network.faults.add(.pdsRateLimit(retryAfter: 600), on: "/oauth/token")
        stage.network.clock.advance(by: .seconds(3700))
        try stage.ask("Please mend the door")
        let trouble = await process.line(within: .seconds(20)) { $0.contains("session is degraded") }
        #expect(trouble != nil, tail(process))
        // What the daemon tells of itself may be a second old.
        var degraded = try await status(stage)
        _ = try await holds(within: .seconds(20)) {
            if degraded.ending == .exited(0) { degraded = try await status(stage) }
            return degraded.ending != .exited(0)
        }
        #expect(degraded.ending == .exited(1), tail(process))
        #expect(degraded.json["state"]?.string == "ok")
        let daemon = try #require(degraded.json["daemon"])
        #expect(daemon["state"]?.string == "degraded" && daemon["reason"]?.string == "rate-limited")
        #expect(daemon["waits_until"]?.string != nil)
        #expect(daemon["last_trouble"]?["reason"]?.string == "rate-limited")
        let text = try stage.daemon.start("session", ["status"])
        #expect(await text.ended(within: .seconds(20)) == .exited(1))
        #expect(text.output.contains { $0.hasPrefix("daemon: degraded (rate-limited): ") }, "\(text.output)")
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }
}
