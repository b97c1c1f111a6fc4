import ATProtocol
import Glibc
import Sandbox
import Testing

/// The daemon with owners who agreed to be mentioned in public.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `Mentions by the daemon` {
    private func stage(_ overrides: [String: String] = [:]) async throws -> Stage {
        let stage = try await Stage(overrides: overrides, tracer: .milliseconds(200))
        try stage.network.setAllowIncoming(.none, of: stage.owners[0])
        try stage.daemon.extendConfiguration("mentions:\n  owners: [\"\(stage.owners[0].did)\"]\n")
        return stage
    }

    private func posts(_ stage: Stage) -> Int { stage.network.records(of: stage.bot, in: "app.bsky.feed.post").count }

    @Test func `are not doubled by a SIGKILL between the post and its record (invariant 3)`() async throws {
        let stage = try await stage()
        stage.network.faults.add(Fault(.delay(.seconds(30))), on: "putRecord", count: 10)
        var process = try stage.daemon.run()
        let uri = try stage.ask("In public")
        let written = stage.network.journal.stream()
        if posts(stage) == 0 { for await entry in written where entry.request.target.contains("putRecord") { break } }
        #expect(posts(stage) == 1, tail(process))
        try await stage.kill(process)
        stage.network.faults.clear()
        process = try stage.daemon.run()
        let line = await process.line(within: .seconds(20)) { $0.contains("mention posted") && $0.contains(uri) }
        #expect(line?.contains("reason=mention-posted") == true, tail(process))
        #expect(posts(stage) == 1)
        let explain = try stage.daemon.start(arguments: ["explain", uri])
        #expect(await explain.ended(within: .seconds(20)) == .exited(0), tail(explain))
        #expect(explain.output.contains { $0.contains("post-mention: delivered") && $0.contains("app.bsky.feed.post") })
        #expect(stage.network.chat.messages.isEmpty)
    }

    @Test func `need a scope that doctor misses and a new login brings`() async throws {
        let stage = try await stage(["session.scope": "granular"])
        func doctor() async throws -> [String] {
            let process = try stage.daemon.start("doctor")
            _ = await process.ended(within: .seconds(60))
            return process.output
        }
        #expect(try await doctor().contains { $0.contains("mentions.owners") })
        let check = try stage.daemon.start("check")
        #expect(await check.ended(within: .seconds(20)) == .exited(0), tail(check))
        #expect(check.output.contains { $0.contains("repo:app.bsky.feed.post") }, tail(check))
        try await stage.daemon.logIn()
        #expect(try await !doctor().contains { $0.contains("mentions.owners") })
        let process = try stage.daemon.run()
        let uri = try stage.ask("In public")
        let line = await process.line(within: .seconds(20)) { $0.contains("mention posted") && $0.contains(uri) }
        #expect(line != nil, tail(process))
        #expect(posts(stage) == 1)
    }
}
