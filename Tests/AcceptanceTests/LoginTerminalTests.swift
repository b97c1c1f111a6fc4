import Glibc
import Network
import Sandbox
import TestSupport
import Testing

/// The real command on a terminal, with a person who pastes, thinks better of it, or opens a browser on this machine.
@Suite(.timeLimit(.minutes(1)), .enabled(if: Stage.binary != nil, "skipped: no daemon binary"))
struct `A login on a terminal` {
    /// A login that waits, and where a browser would be sent at its end.
    private struct Login {
        let stage: Stage
        let process: ChildProcess
        let callback: String

        init(_ arguments: [String] = []) async throws {
            stage = try await Stage(isLoggedIn: false)
            process = try stage.daemon.start("login", arguments, hasTerminal: true)
            let page = stage.network.authorizationServerURL.with(path: "/oauth/authorize").description
            let line = await process.line(within: .seconds(20)) { $0.contains(page) }
            let address = try #require(line?.split(whereSeparator: \.isWhitespace).first, tail(process))
            let http = CurlHTTPClient.loopback()
            callback = try #require(try await http.send(HTTPRequest(.get, WebURL(String(address)))).headers["Location"])
        }

        var code: String {
            let query = callback.drop { $0 != "?" }.dropFirst()
            return PercentEncoding.parseForm(query).first { $0.name == "code" }?.value ?? callback
        }

        /// How it ended, when somebody has typed this.
        func typing(_ text: String) async -> ChildProcess.Ending {
            process.type(text)
            return await process.ended(within: .seconds(20))
        }

        var hasSession: Bool { unsafe access(stage.daemon.statePath + "/session.json", F_OK) == 0 }
    }

    @Test(arguments: [[], ["--no-listener"]]) func `takes the address that is pasted`(arguments: [String]) async throws
    {
        let login = try await Login(arguments)
        #expect(await login.typing("what now?\n\(login.callback)\n") == .exited(0), tail(login.process))
        #expect(login.process.output.contains { $0.hasPrefix("Logged in as did:") }, tail(login.process))
        #expect(login.hasSession)
        // The terminal shows what is typed; the program shows the code nowhere.
        #expect(login.process.output.count { $0.contains(login.code) } == 1, tail(login.process))
    }

    @Test func `ends with Ctrl-C, and may be finished by another command`() async throws {
        let login = try await Login(["--no-listener"])
        #expect(await login.typing("\u{3}") == .signalled(SIGINT))
        #expect(!login.hasSession)
        let second = try login.stage.daemon.start("login", ["--complete", login.callback])
        #expect(await second.ended(within: .seconds(20)) == .exited(0), tail(second))
        #expect(login.hasSession)
    }

    @Test func `is given up with Ctrl-D`() async throws {
        let login = try await Login(["--no-listener"])
        #expect(await login.typing("\u{4}") == .exited(1))
        #expect(login.process.output.contains { $0.contains("Nothing was pasted") }, tail(login.process))
        #expect(!login.hasSession)
    }

    @Test func `refuses the address of another login`() async throws {
        let login = try await Login(["--no-listener"])
        let other = try await Login(["--no-listener"])
        #expect(await login.typing("\(other.callback)\n") == .exited(1))
        #expect(login.process.output.contains { $0.contains("callback-mismatch") }, tail(login.process))
        #expect(!login.hasSession)
        _ = await other.typing("\u{3}")
    }

    @Test func `goes on when the browser comes back, although nobody types`() async throws {
        let login = try await Login()
        let http = CurlHTTPClient.loopback()
        #expect(try await http.send(HTTPRequest(.get, WebURL(login.callback))).status == 200)
        #expect(await login.process.ended(within: .seconds(20)) == .exited(0), tail(login.process))
        #expect(login.hasSession)
    }
}
