import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import OAuth

@Suite struct `Logging in` {
    private func failure(_ work: () async throws(OAuthError) -> SessionStatus) async -> OAuthError.Code? {
        do throws(OAuthError) {
            _ = try await work()
            return nil
        } catch { return error.code }
    }

    @Test(arguments: ScopeChoice.allCases) func `a confidential client gets two years`(scope: ScopeChoice) async throws
    {
        var login = try await SandboxLogin()
        login.configuration.scope = scope
        try login.hostClient()
        let status = try await login.logIn()
        #expect(status.state == .ok)
        #expect(status.canSendMessages)
        #expect(status.endsAt == (status.createdAt ?? 0) + 730.5 * 86_400)
        let session = try await StoredSession.open(login.configuration, login.environment)
        for _ in 0..<5 {
            login.network.clock.advance(by: .seconds(80 * 86_400))
            #expect(try await session.check() == "sender.test")
        }
        #expect(await session.status().generation == 5)
    }

    @Test func `the callback comes in the fragment, whole, quoted or as its parameters only`() async throws {
        for shape in 0..<4 {
            var login = try await SandboxLogin()
            try login.hostClient()
            let oauth = OAuthLogin(login.configuration, login.environment)
            let callback = try await login.browse(oauth.start().authorizationURL)
            #expect(callback.contains("#"))
            let tail = callback.split(separator: "#").last.map(String.init) ?? ""
            let pasted = [callback, tail, "\u{1B}[200~ \"\(callback)\"\n\u{1B}[201~", "#" + tail][shape]
            let status = try await oauth.complete(pasted)
            #expect(status.state == .ok)
        }
    }

    @Test func `the two halves may be two processes`() async throws {
        let login = try await SandboxLogin()
        let invitation = try await OAuthLogin(login.configuration, login.environment).start()
        let callback = try await login.browse(invitation.authorizationURL)
        let status = try await OAuthLogin(login.configuration, login.environment).complete(callback)
        #expect(status.state == .ok)
        #expect(!login.directory.names.contains("login.pending.json"))
    }

    @Test func `row 36: a refusal in the browser is told as one`() async throws {
        let login = try await SandboxLogin()
        login.network.authorizationServer.setConsenting(false)
        #expect(await failure { () async throws(OAuthError) in try await log(in: login) } == .denied)
        #expect(!login.directory.names.contains("session.json"))
    }

    private func log(in login: SandboxLogin) async throws(OAuthError) -> SessionStatus {
        do { return try await login.logIn() } catch let failure as OAuthError { throw failure } catch {
            throw OAuthError(code: .transport, sentence: "\(error)")
        }
    }

    @Test func `row 37: a callback of another state, issuer or code is refused`() async throws {
        let login = try await SandboxLogin()
        let oauth = OAuthLogin(login.configuration, login.environment)
        let callback = try await login.browse(oauth.start().authorizationURL)
        let issuer = PercentEncoding.encode(login.network.authorizationServer.issuer)
        let otherState = callback.replacing("state=", with: "state=x")
        #expect(
            await failure { () async throws(OAuthError) in try await oauth.complete(otherState) } == .callbackMismatch
        )
        let otherIssuer = callback.replacing(issuer, with: PercentEncoding.encode("https://evil.test"))
        #expect(
            await failure { () async throws(OAuthError) in try await oauth.complete(otherIssuer) }
                == .callbackMismatch
        )
        // The state was used: even the right callback comes too late.
        #expect(
            await failure { () async throws(OAuthError) in try await oauth.complete(callback) } == .noPendingLogin
        )
        #expect(login.network.authorizationServer.sessionCount == 0)
    }

    @Test func `row 37: tokens of another account are revoked`() async throws {
        let login = try await SandboxLogin()
        let other = try login.network.createAccount(handle: "other.test")
        let oauth = OAuthLogin(login.configuration, login.environment)
        // The hint leads the sandbox's page to the other account, as a person's choice would.
        let callback = try await login.browse(oauth.start(hint: other.handle.text).authorizationURL)
        #expect(await failure { () async throws(OAuthError) in try await oauth.complete(callback) } == .wrongAccount)
        #expect(login.network.authorizationServer.sessionCount == 0)
        #expect(!login.directory.names.contains("session.json"))
    }

    @Test func `row 38: a code that came too late is not tried again`() async throws {
        let login = try await SandboxLogin()
        let oauth = OAuthLogin(login.configuration, login.environment)
        let callback = try await login.browse(oauth.start().authorizationURL)
        login.network.clock.advance(by: .seconds(301))
        login.network.journal.clear()
        #expect(await failure { () async throws(OAuthError) in try await oauth.complete(callback) } == .codeExpired)
        #expect(login.network.journal.entries(matching: "as POST /oauth/token").count { $0.status == 400 } <= 2)
        #expect(
            await failure { () async throws(OAuthError) in try await oauth.complete(callback) } == .noPendingLogin
        )
    }

    @Test func `a login that was started too long ago is forgotten`() async throws {
        let login = try await SandboxLogin()
        let oauth = OAuthLogin(login.configuration, login.environment)
        let callback = try await login.browse(oauth.start().authorizationURL)
        login.network.clock.advance(by: .seconds(3601))
        #expect(
            await failure { () async throws(OAuthError) in try await oauth.complete(callback) } == .noPendingLogin
        )
        #expect(!login.directory.names.contains("login.pending.json"))
    }

    @Test func `a new login revokes the old session and keeps its file aside`() async throws {
        let login = try await SandboxLogin()
        try await login.logIn()
        try await login.logIn()
        #expect(login.network.authorizationServer.sessionCount == 1)
        #expect(login.directory.names.contains { $0.hasPrefix("session.dead-") })
        let session = try await StoredSession.open(login.configuration, login.environment)
        #expect(try await session.check() == "sender.test")
    }

    @Test func `hosted metadata that is wrong is told before the login starts`() async throws {
        var login = try await SandboxLogin()
        try login.hostClient { $0["scope"] = "atproto" }
        #expect(await failure { () async throws(OAuthError) in try await log(in: login) } == .configuration)
        let problems = try await ClientMetadata(login.configuration, login.environment).problems()
        #expect(problems.count == 2)
        #expect(problems.allSatisfy { $0.contains("'scope' lacks") })
        login.client.host(HTTPResponse(status: 301, headers: ["Location": "https://client.test/"]))
        #expect(
            try await ClientMetadata(login.configuration, login.environment).problems().first?.contains("301") == true
        )
        try login.hostClient()
        #expect(try await ClientMetadata(login.configuration, login.environment).problems() == [])
    }

    @Test func `an app password logs in, and the account's own password is not taken`() async throws {
        var login = try await SandboxLogin(.appPassword)
        let password = login.network.createAppPassword(for: login.account, isPrivileged: true)
        login.configuration.appPasswordPath = try login.directory.write(password + "\n", to: "password")
        let status = try await AppPasswordLogin(login.configuration, login.environment).complete(isForced: true)
        #expect(status.state == .ok && status.endsAt == nil)
        let session = try await StoredSession.open(login.configuration, login.environment)
        #expect(try await session.check() == "sender.test")
        try login.directory.write("correct horse battery", to: "password")
        let login2 = login
        let code = await failure { () async throws(OAuthError) in
            try await AppPasswordLogin(login2.configuration, login2.environment).complete()
        }
        #expect(code == .passwordRefused)
        login.directory.setMode(0o644, of: "password")
        let code2 = await failure { () async throws(OAuthError) in
            try await AppPasswordLogin(login2.configuration, login2.environment).complete()
        }
        #expect(code2 == .configuration)
    }

    @Test func `a logout revokes and removes`() async throws {
        let login = try await SandboxLogin()
        try await login.logIn()
        try await SessionLogout(login.configuration, login.environment).complete()
        #expect(login.network.authorizationServer.sessionCount == 0)
        #expect(!login.directory.names.contains("session.json"))
        await #expect(throws: OAuthError.self) {
            try await SessionLogout(login.configuration, login.environment).complete()
        }
    }
}
