import Glibc
import Network
import Sandbox
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `The health of a daemon` {
    private func check(_ stage: Stage, _ arguments: [String] = []) async throws -> (ChildProcess.Ending, [String]) {
        let process = try stage.daemon.start("healthcheck", arguments)
        return (await process.ended(within: .seconds(20)), process.output)
    }

    @Test func `is good as soon as it runs, and it is ready when it has reached the stream`() async throws {
        let stage = try await Stage(overrides: ["status.listen": "127.0.0.1:\(unusedPort())"])
        #expect(try await check(stage).0 == .exited(1))
        stage.network.faults.add(.respond(HTTPResponse(status: 503)), on: "stream GET", count: 1000)
        let process = try stage.daemon.run()
        let refused = await process.line(within: .seconds(20)) { $0.contains("stream disconnected") }
        try #require(refused != nil, tail(process))
        // The endpoint may listen a moment later.
        #expect(try await holds(within: .seconds(20)) { try await check(stage).0 == .exited(0) }, tail(process))
        var output: [String] = []
        let isWaiting = try await holds(within: .seconds(20)) {
            let (ending, lines) = try await check(stage, ["--ready"])
            output = lines
            return ending == .exited(1) && lines.contains { $0.contains("stream") }
        }
        #expect(isWaiting, "\(output)")
        stage.network.faults.clear()
        let open = await process.line(within: .seconds(60)) { $0.contains("stream open") }
        try #require(open != nil, tail(process))
        let isReady = try await holds(within: .seconds(20)) { try await check(stage, ["--ready"]).0 == .exited(0) }
        #expect(isReady, tail(process))
    }
}
