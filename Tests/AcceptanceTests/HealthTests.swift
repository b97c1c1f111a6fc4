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
        #expect(try await check(stage).0 == .exited(0), tail(process))
        let (ending, output) = try await check(stage, ["--ready"])
        #expect(ending == .exited(1))
        #expect(output.contains { $0.contains("stream") }, "\(output)")
        stage.network.faults.clear()
        let open = await process.line(within: .seconds(60)) { $0.contains("stream open") }
        try #require(open != nil, tail(process))
        #expect(try await check(stage, ["--ready"]).0 == .exited(0), tail(process))
    }
}
