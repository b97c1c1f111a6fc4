import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// What watchers are told when nothing can be sent.
///
/// Guards against a daemon that looks well and is silent.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A daemon that cannot send` {
    @Test func `because its disk takes no new tokens says so from the token's end until it is mended`() async throws {
        let endpoint = StatusEndpoint()
        let stage = try await Stage(overrides: ["status.listen": endpoint.address], isLoggedIn: false)
        // Few files, much room: the session's next file cannot be made, while the open ledger goes on.
        guard await stage.mountState("size=32m,nr_inodes=40,mode=0700") else { return }
        stage.network.authorizationServer.lifetimes.access = 8
        try await stage.daemon.logIn()
        let process = try stage.daemon.run()
        let open = await process.line(within: .seconds(20)) { $0.contains("stream open") }
        try #require(open != nil, tail(process))
        try stage.ask("While all is well")
        #expect(await stage.messages(reaching: 1, within: .seconds(20), unless: process) == 1, tail(process))
        #expect(await endpoint.shows("session_usable", ["impact_notifier_session_usable 1"]), tail(process))
        #expect(try await endpoint.metrics("session_expiry").count == 1)
        #expect(try await endpoint.metrics("oauth_token_expiry").count == 1)
        #expect(try await endpoint.get("/readyz") { $1 == "ok\n" } == (200, "ok\n"))

        let mend = stage.exhaustFiles()
        let silence = await process.line(within: .seconds(60)) { $0.contains("access token has ended and cannot be") }
        try #require(silence != nil, tail(process))
        #expect(await endpoint.shows("session_usable", ["impact_notifier_session_usable 0"]), tail(process))
        let (status, text) = try await endpoint.get("/readyz") { $1.contains("; run 'impact-notifier") }
        #expect(status == 200)
        let beginning = "ok, but nothing can be sent: the access token has ended and cannot be renewed (storage): "
        #expect(text.hasPrefix(beginning) && text.hasSuffix("; run 'impact-notifier doctor'\n"), "\(text)")
        #expect(try await endpoint.metrics("oauth_refresh_total").contains { $0.contains("storage") })
        try stage.ask("While nothing can be sent")

        mend()
        let recovery = await process.line(within: .seconds(60)) { $0.contains("session is usable") }
        try #require(recovery != nil, tail(process))
        #expect(await endpoint.shows("session_usable", ["impact_notifier_session_usable 1"]), tail(process))
        #expect(await stage.messages(reaching: 2, within: .seconds(20), unless: process) == 2, tail(process))
        #expect(try await endpoint.get("/readyz") { $1 == "ok\n" } == (200, "ok\n"))
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
        await stage.unmountState()
    }

    @Test func `because there is no session names the command, and has no times to tell`() async throws {
        let endpoint = StatusEndpoint()
        let stage = try await Stage(overrides: ["status.listen": endpoint.address], isLoggedIn: false)
        let process = try stage.daemon.run()
        let open = await process.line(within: .seconds(20)) { $0.contains("stream open") }
        try #require(open != nil, tail(process))
        let (status, text) = try await endpoint.get("/readyz") { $1.contains("; run 'impact-notifier") }
        #expect(status == 200)
        #expect(text.hasPrefix("ok, but nothing can be sent: the session needs a login (never-logged-in): "), "\(text)")
        #expect(text.hasSuffix("; run 'impact-notifier login'\n"), "\(text)")
        #expect(await endpoint.shows("session", ["impact_notifier_session_usable 0"]), tail(process))
        #expect(
            await endpoint.shows("oauth", [#"impact_notifier_oauth_refresh_total{result="ok"} 0"#]),
            tail(process)
        )
        try await stage.daemon.logIn()
        let recovery = await process.line(within: .seconds(20)) { $0.contains("session is usable") }
        try #require(recovery != nil, tail(process))
        #expect(await endpoint.shows("session_usable", ["impact_notifier_session_usable 1"]), tail(process))
        #expect(try await endpoint.metrics("oauth_refresh_success").count == 1)
        process.signal(SIGTERM)
        #expect(await process.ended(within: .seconds(20)) == .exited(0), tail(process))
    }
}
