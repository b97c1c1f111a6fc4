import ATProtocol
import FoundationEssentials
import Network
import Sandbox
import TestSupport
import Testing

@testable import OAuth

/// A client declares what its login asks for and no more: a PDS from before August 2025 refuses clients that declare scopes
/// which it does not know.
@Suite struct `A login at an old authorization server` {
    private func failure(_ login: SandboxLogin) async -> OAuthError? {
        do { try await login.logIn() } catch let failure as OAuthError { return failure } catch { return nil }
        return nil
    }

    private func oldServer(_ scope: ScopeChoice) async throws -> SandboxLogin {
        var login = try await SandboxLogin()
        login.network.authorizationServer.use(.beforeGranularScopes)
        login.configuration.scope = scope
        return login
    }

    @Test func `works with transition scopes, without and with a hosted client`() async throws {
        #expect(try await oldServer(.transition).logIn().state == .ok)
        var hosted = try await oldServer(.transition)
        try hosted.hostClient()
        #expect(try await hosted.logIn().state == .ok)
    }

    @Test func `with granular scopes is refused with the way that works`() async throws {
        let login = try await oldServer(.granular)
        let refusal = await failure(login)
        #expect(refusal?.code == .refused)
        #expect(refusal?.description.contains("invalid_client_metadata") == true)
        #expect(refusal?.description.contains("login --scope transition") == true, "\(String(describing: refusal))")
        var hosted = try await oldServer(.granular)
        try hosted.hostClient()
        let second = await failure(hosted)
        #expect(second?.advice?.contains("session.scope to transition") == true, "\(String(describing: second))")
        // What it says helps.
        hosted.configuration.scope = .transition
        hosted.network.clock.advance(by: .seconds(601))
        try hosted.hostClient()
        #expect(try await hosted.logIn().state == .ok)
    }

    @Test(arguments: ScopeChoice.allCases) func `each client declares the scopes of its login alone`(
        choice: ScopeChoice
    ) async throws {
        var login = try await SandboxLogin()
        login.configuration.scope = choice
        let wanted = login.configuration.scopes(of: choice).joined(separator: " ")
        let identity = try ClientIdentity(login.configuration, port: nil, files: POSIXFileSystem())
        #expect(LoopbackClientID(identity.id)?.scope == wanted)
        var declared: String?
        try login.hostClient { declared = $0["scope"]?.string }
        #expect(declared == wanted)
    }
}

/// A document declares one set of scopes; a login that asks for the other one is told so, and not sent in a circle.
@Suite struct `A login of a hosted client for scopes that it does not declare` {
    @Test(arguments: ScopeChoice.allCases) func `says which ones it may ask for, and how to declare these`(
        declared: ScopeChoice
    ) async throws {
        var login = try await SandboxLogin()
        login.configuration.scope = declared
        try login.hostClient()
        let asked = declared == .granular ? ScopeChoice.transition : .granular
        login.configuration.scope = asked
        let configured = login
        let failure = await #expect(throws: OAuthError.self) { try await configured.logIn() }
        #expect(failure?.code == .configuration)
        #expect(failure?.advice?.contains("--scope \(declared.rawValue)") == true, "\(String(describing: failure))")
        #expect(failure?.advice?.contains("session.scope to \(asked.rawValue)") == true)
        #expect(configured.network.journal.entries(matching: "as POST /oauth/par").isEmpty)
        // Both ways out lead out.
        login.configuration.scope = declared
        #expect(try await login.logIn().state == .ok)
        login.configuration.scope = asked
        login.network.clock.advance(by: .seconds(601))
        try login.hostClient()
        #expect(try await login.logIn().state == .ok)
    }

    @Test func `which lacks one alone is told that the document is an older one`() async throws {
        var login = try await SandboxLogin()
        login.configuration.scope = .granular
        try login.hostClient()
        login.configuration.allowsPosts = true
        let configured = login
        let failure = await #expect(throws: OAuthError.self) { try await configured.logIn() }
        #expect(failure?.sentence.contains("repo:app.bsky.feed.post") == true)
        #expect(failure?.advice?.contains("an older one") == true, "\(String(describing: failure))")
    }
}

@Suite struct `What to do about a refusal of a login` {
    private static let situations = [true, false].flatMap { isHosted in
        ScopeChoice.allCases.map { RefusalAdvice(isHosted: isHosted, scope: $0) }
    }

    @Test(arguments: RefusalAdvice.known) func `is known of every error, and in the page`(error: String) throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = String(decoding: try Data(contentsOf: URL(filePath: "/\(root)/docs/oauth.md")), as: UTF8.self)
        #expect(page.contains("`\(error)`"))
        for situation in Self.situations {
            let advice = situation.text(for: error, status: 400)
            #expect(advice != situation.text(for: "something-else", status: 400))
            #expect(advice.hasSuffix("."))
        }
    }

    @Test(arguments: [nil, "something-else", "InvalidRequest", "\"client_id\" mismatch"])
    func `is there for all others`(
        error: String?
    ) {
        for situation in Self.situations {
            for status in [400, 401, 403, 404, 429, 500, 503] {
                #expect(!situation.text(for: error, status: status).isEmpty)
            }
            #expect(situation.text(for: error, status: 429).contains("hour"))
            #expect(situation.text(for: error, status: 503).contains("minutes"))
        }
    }

    @Test(arguments: RefusalAdvice.known + ["something-else"]) func `stands at the end of a refused request`(
        error: String
    ) async throws {
        let login = try await SandboxLogin()
        let answer = HTTPResponse(
            status: 400,
            headers: ["Content-Type": "application/json"],
            body: Array(#"{"error":"\#(error)","error_description":"No."}"#.utf8)
        )
        login.network.faults.add(Fault(.respond(answer)), on: "as POST /oauth/par")
        let failure = await #expect(throws: OAuthError.self) { try await login.logIn() }
        #expect(failure?.code == .refused)
        #expect(failure?.advice == RefusalAdvice(login.configuration).text(for: error, status: 400))
        #expect(failure?.sentence.contains(error) == true)
    }

    @Test(arguments: RefusalAdvice.known + ["something-else"]) func `stands at the end of a refused callback and code`(
        error: String
    ) async throws {
        let login = try await SandboxLogin()
        let advice = RefusalAdvice(login.configuration).text(for: error, status: 400)
        var oauth = OAuthLogin(login.configuration, login.environment)
        var invitation = try await oauth.start()
        let issuer = PercentEncoding.encode(login.network.authorizationServer.issuer)
        let callback = "\(invitation.redirectURI)?iss=\(issuer)&state=\(invitation.state)&error=\(error)"
        let denied = await #expect(throws: OAuthError.self) { try await oauth.complete(callback) }
        #expect(denied?.advice == advice)
        let answer = HTTPResponse(
            status: 400,
            headers: ["Content-Type": "application/json"],
            body: Array(#"{"error":"\#(error)"}"#.utf8)
        )
        oauth = OAuthLogin(login.configuration, login.environment)
        invitation = try await oauth.start()
        let right = try await login.browse(invitation.authorizationURL)
        login.network.faults.add(Fault(.respond(answer)), on: "as POST /oauth/token")
        let refused = await #expect(throws: OAuthError.self) { try await oauth.complete(right) }
        #expect(refused?.advice == advice)
    }
}
