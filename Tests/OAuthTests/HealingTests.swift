import ATProtocol
import Network
import TestSupport
import Testing

@testable import OAuth

/// Invariant 13: only an answer on the list of proofs, or a human, ends a session.
///
/// Files of earlier versions hold ends that rest on less.
@Suite struct `A stored end without proof` {
    /// The members that an earlier version wrote.
    private func put(_ state: String, _ reason: String, _ detail: String, in fixture: SessionFixture) {
        var members = fixture.record.json.object ?? [:]
        members["state"] = .string(state)
        members["last_error"] = ["reason": .string(reason), "detail": .string(detail)]
        fixture.files.put(JSONValue.object(members).encodedText, at: SessionFixture.file)
    }

    @Test(arguments: [
        ("needs-login", "token-dead", "invalid_grant: Invalid refresh token"),
        ("needs-login", "lost-in-crash", "invalid_grant: Invalid refresh token"),
        ("needs-login", "refused-without-reason", "four times the same answer: status 401 "),
        ("needs-login", "token-refused", "Invalid token"),
        ("needs-login", "migrated", "the account moved from https://as.test to https://as2.test"),
        ("quarantined", "unusable-answer", "a refresh was answered without tokens; see the log"),
        ("misconfigured", "something-of-a-later-version", ""),
    ]) func `is asked about again, and heals`(state: String, reason: String, detail: String) async throws {
        let fixture = try SessionFixture()
        put(state, reason, detail, in: fixture)
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.script(SessionFixture.checkPath, [.account()])
        let session = try await fixture.open()
        await session.maintain()
        await session.drain()
        #expect(await session.status().state == .ok)
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.stored?.verdict == nil && fixture.stored?.setbacks == [:])
    }

    @Test func `of an app password is asked about again at once, then every six hours`() async throws {
        let fixture = try SessionFixture(.appPassword)
        put("needs-login", "password-refused", "AuthenticationRequired", in: fixture)
        let refusal = Answer.error(401, "AuthenticationRequired", "Invalid identifier or password")
        fixture.client.script("/xrpc/com.atproto.server.refreshSession", [.error(400, "ExpiredToken")])
        fixture.client.script("/xrpc/com.atproto.server.createSession", [refusal, .passwordTokens(1)])
        let session = try await fixture.open()
        await session.maintain()
        #expect(await session.status().state.name == "needs-login")
        fixture.clock.advance(21_599)
        await session.maintain()
        #expect(await session.status().state.name == "needs-login")
        fixture.clock.advance(2)
        await session.maintain()
        #expect(await session.status().state == .ok)
        #expect(fixture.client.count("/xrpc/com.atproto.server.createSession") == 2)
    }

    @Test(arguments: ProofOfEnd.allCases) func `differs from one with proof, which lasts`(proof: ProofOfEnd)
        async throws
    {
        let fixture = try SessionFixture()
        put("needs-login", "token-dead", "invalid_grant: \(proof.rawValue)", in: fixture)
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        let session = try await fixture.open()
        fixture.clock.advance(90_000)
        await session.maintain()
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        #expect(await session.status().state.name == "needs-login")
        #expect(fixture.tokenRequests == 0)
    }

    @Test func `a key that is mended while the daemon runs needs no restart`() async throws {
        let fixture = try SessionFixture()
        let path = "/state/client.json"
        let key = try #require(fixture.files.text(path))
        fixture.files.take(path)
        let session = try await fixture.open()
        #expect(await session.status().state.problem?.reason == .credentials)
        fixture.files.put(key, at: path)
        await session.maintain()
        #expect(await session.status().state == .ok)
        #expect(try await session.send(fixture.call).status == 200)
    }

    @Test func `a PDS that misreads proofs for an hour does not stop the session`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_dpop_proof", "DPoP \"htu\" mismatch")])
        let session = try await fixture.open()
        _ = try? await session.send(fixture.call)
        #expect(await session.status().state.name == "misconfigured")
        fixture.client.script(SessionFixture.callPath, [.json(["id": "m1"])])
        fixture.client.script(SessionFixture.checkPath, [.account()])
        fixture.clock.advance(901)
        await session.maintain()
        #expect(await session.status().state == .ok)
        #expect(try await session.send(fixture.call).status == 200)
    }

    @Test func `a page of a portal says nothing good about the session`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_token", "Invalid token")])
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1), .tokens(2)])
        let session = try await fixture.open()
        _ = try? await session.send(fixture.call)
        let page = HTTPResponse(status: 200, headers: ["Content-Type": "text/html"], body: Array("<html>".utf8))
        fixture.client.script(SessionFixture.checkPath, [.success(page)])
        fixture.clock.advance(61)
        await session.maintain()
        #expect(await session.status().state.problem?.reason == .tokenRefused)
    }
}
