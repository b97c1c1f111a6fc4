import Glibc
import Sandbox
import Testing

/// The directory as systemd lays it out for a DynamicUser: a link into a folder of its own.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A state directory that is reached through a link` {
    @Test func `takes a login, every renewal of tokens, and a restart`() async throws {
        let stage = try await Stage(isLoggedIn: false)
        let real = stage.daemon.statePath + ".private"
        try #require(unsafe mkdir(real, 0o700) == 0)
        try #require(unsafe symlink(real, stage.daemon.statePath) == 0)
        stage.network.authorizationServer.lifetimes.access = 5
        try await stage.daemon.logIn()
        var process = try stage.daemon.run()
        for number in 1...3 {
            // Tokens that live for less than the margin are renewed before each call.
            try stage.ask("Renewed \(number)")
            #expect(
                await stage.messages(reaching: number, within: .seconds(20), unless: process) == number,
                tail(process)
            )
        }
        #expect(process.output.count { $0.contains("tokens renewed") } >= 3, tail(process))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        process = try stage.daemon.run()
        try stage.ask("Restarted")
        #expect(await stage.messages(reaching: 4, within: .seconds(20), unless: process) == 4, tail(process))
        process.signal(SIGHUP)
        let reloaded = await process.line(within: .seconds(10)) { $0.contains("configuration reloaded") }
        #expect(reloaded != nil, tail(process))
    }
}
