import ATProtocol
import Logging
import Network
import TestSupport
import Testing

@testable import OAuth

/// Rows of the failure table that the answer of the account's own server to a call decides.
@Suite struct `A call, row by row of the failure table` {
    struct Row: Sendable, CustomTestStringConvertible {
        let number: Int
        let what: String
        var kind = SessionKind.confidential
        let answers: [Answer]
        /// Status of the answer that the caller gets; nil when it gets a failure.
        let status: Int?
        let state: String
        var reason: SessionProblem.Reason?
        let calls: Int
        var refreshes = 0

        var testDescription: String { "row \(number): \(what)" }
    }

    private static let nonce: HTTPHeaders = ["DPoP-Nonce": "n1"]
    private static let done = Answer.json(["id": "m1"])
    private static let skewed = "DPoP proof: \"iat\" claim timestamp check failed (it should be in the past)"

    static let rows = [
        Row(
            number: 2,
            what: "a nonce is wanted, and given",
            answers: [.challenge("use_dpop_nonce", "nonce", headers: nonce), done],
            status: 200,
            state: "ok",
            calls: 2
        ),
        Row(
            number: 3,
            what: "a nonce is wanted and none is given",
            answers: [.challenge("use_dpop_nonce", "nonce")],
            status: nil,
            state: "degraded",
            reason: .nonce,
            calls: 1
        ),
        Row(
            number: 4,
            what: "the token is refused, the fresh one is not",
            answers: [.challenge("invalid_token", "\"exp\" claim timestamp check failed"), done],
            status: 200,
            state: "ok",
            calls: 2,
            refreshes: 1
        ),
        Row(
            number: 4,
            what: "the fresh token is refused, too",
            answers: [.challenge("invalid_token", "Invalid token")],
            status: nil,
            state: "degraded",
            reason: .tokenRefused,
            calls: 2,
            refreshes: 1
        ),
        Row(
            number: 5,
            what: "the token is bound to another key",
            answers: [.challenge("invalid_token", "Invalid DPoP key binding")],
            status: nil,
            state: "misconfigured",
            reason: .keyBinding,
            calls: 1
        ),
        Row(
            number: 6,
            what: "the time is wrong once",
            answers: [.challenge("invalid_dpop_proof", skewed), done],
            status: 200,
            state: "ok",
            calls: 2
        ),
        Row(
            number: 6,
            what: "the time stays wrong",
            answers: [.challenge("invalid_dpop_proof", skewed)],
            status: nil,
            state: "degraded",
            reason: .clock,
            calls: 2
        ),
        Row(
            number: 7,
            what: "the proof does not fit the URL",
            answers: [.challenge("invalid_dpop_proof", "DPoP \"htu\" mismatch")],
            status: nil,
            state: "misconfigured",
            reason: .proofRefused,
            calls: 1
        ),
        Row(
            number: 8,
            what: "the proof was seen before",
            answers: [.challenge("invalid_dpop_proof", "DPoP proof replayed")],
            status: nil,
            state: "ok",
            calls: 1
        ),
        Row(
            number: 16,
            what: "too many requests",
            answers: [.error(429, "RateLimitExceeded")],
            status: 429,
            state: "ok",
            calls: 1
        ),
        Row(
            number: 21,
            what: "a scope is missing",
            answers: [.error(403, "ScopeMissingError", "Missing required scope \"rpc:x\"")],
            status: 403,
            state: "needs-login",
            reason: .scope,
            calls: 1
        ),
        Row(
            number: 22,
            what: "the app password may not send messages",
            kind: .appPassword,
            answers: [.error(400, "InvalidToken", "Bad token method")],
            status: 400,
            state: "misconfigured",
            reason: .notPrivileged,
            calls: 1
        ),
        Row(
            number: 23,
            what: "the token was read as another kind",
            answers: [.error(400, "InvalidToken", "Token could not be verified")],
            status: 400,
            state: "misconfigured",
            reason: .proofRefused,
            calls: 1
        ),
        Row(
            number: 23,
            what: "the app password's token is unknown",
            kind: .appPassword,
            answers: [.error(400, "InvalidToken", "Token could not be verified"), done],
            status: 200,
            state: "ok",
            calls: 2,
            refreshes: 1
        ),
        Row(
            number: 24,
            what: "the app password's token is expired",
            kind: .appPassword,
            answers: [.error(400, "ExpiredToken", "Token has expired"), done],
            status: 200,
            state: "ok",
            calls: 2,
            refreshes: 1
        ),
        Row(
            number: 26,
            what: "the account is taken down",
            answers: [.error(401, "AccountTakedown", "Account has been taken down")],
            status: 401,
            state: "degraded",
            reason: .account,
            calls: 1
        ),
        Row(
            number: 27,
            what: "the proxy header is wrong",
            answers: [.error(400, "InvalidRequest", "could not resolve proxy did service url")],
            status: 400,
            state: "ok",
            calls: 1
        ),
        Row(
            number: 27,
            what: "the chat service refuses the PDS's own token",
            answers: [.error(401, "BadJwtSignature", "jwt signature does not match jwt issuer")],
            status: 401,
            state: "ok",
            calls: 1
        ),
    ]

    @Test(arguments: rows) func `answer, state and requests are as the table says`(row: Row) async throws {
        let fixture = try SessionFixture(row.kind)
        fixture.client.script(SessionFixture.callPath, row.answers)
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.script("/xrpc/com.atproto.server.refreshSession", [.passwordTokens(1)])
        let session = try await fixture.open()
        let call = try fixture.call
        let result = await Result { () async throws(SessionError) in try await session.send(call) }
        let status = try? result.get().status
        #expect(status == row.status)
        #expect(await session.status().state.name == row.state)
        #expect(await session.status().state.problem?.reason == row.reason)
        #expect(fixture.calls == row.calls)
        let refreshes = fixture.tokenRequests + fixture.client.count("/xrpc/com.atproto.server.refreshSession")
        #expect(refreshes == row.refreshes)
        #expect(fixture.stored != nil)
    }

    @Test func `row 4: what refuses fresh tokens is asked again for ever, and proves nothing`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_token", "Invalid token")])
        let check = SessionFixture.checkPath
        fixture.client.script(check, [.challenge("invalid_token", "Invalid token")])
        fixture.client.script(SessionFixture.tokenPath, (1..<100).map { .tokens($0) })
        let session = try await fixture.open()
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        #expect(fixture.log.count("session cannot send; messages wait", .error) == 1)
        var asked = 0
        for wait in [60.0, 300, 900, 3600, 3600] {
            fixture.clock.advance(wait - 1)
            await session.maintain()
            #expect(fixture.client.count(check) == asked, "nothing is sent before the time is up")
            await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
            fixture.clock.advance(2)
            await session.maintain()
            asked += 2
            #expect(fixture.client.count(check) == asked, "asked although no message waits, and with a fresh token")
        }
        #expect(fixture.calls == 2)
        #expect(await session.status().state.name == "degraded")
        #expect(fixture.log.count("session still cannot send; messages wait", .error) >= 2)
        await session.drain()
        let again = try await StoredSession.open(fixture.configuration, fixture.environment)
        #expect(await again.status().state.problem?.reason == .tokenRefused, "a restart does not forget")
        fixture.client.script(check, [.account()])
        fixture.client.script(SessionFixture.callPath, [Self.done])
        fixture.clock.advance(61)
        await again.maintain()
        #expect(await again.status().state == .ok)
        #expect(try await again.send(fixture.call).status == 200)
    }

    @Test func `row 4: while a PDS is left in peace, no token is spent for it`() async throws {
        let fixture = try SessionFixture()
        let refusal = Answer.challenge("invalid_token", "Invalid token")
        fixture.client.script(SessionFixture.callPath, [refusal])
        fixture.client.script(SessionFixture.checkPath, [refusal])
        fixture.client.script(SessionFixture.tokenPath, (1..<100).map { .tokens($0) })
        let session = try await fixture.open()
        _ = try? await session.send(fixture.call)
        for wait in [61.0, 301, 901] {
            fixture.clock.advance(wait)
            await session.maintain()
        }
        let spent = fixture.tokenRequests
        // The next look is an hour away, and the access token at hand about to end.
        fixture.clock.advance(3597)
        for _ in 0..<3 { await #expect(throws: SessionError.self) { try await session.send(fixture.call) } }
        #expect(fixture.tokenRequests == spent)
    }

    @Test func `row 4: tokens that another process renewed are used, and none is spent`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        var newer = fixture.record
        newer.generation = 1
        newer.accessToken = "access-of-another-process"
        fixture.client.script(
            SessionFixture.callPath,
            [.challenge("invalid_token", "Invalid token"), .json(["id": "m1"])]
        )
        let text = newer.json.encodedText
        fixture.client.during(SessionFixture.callPath) { fixture.files.put(text, at: SessionFixture.file) }
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200)
        #expect(fixture.tokenRequests == 0)
        #expect(fixture.client.requests.last?.headers["Authorization"] == "DPoP access-of-another-process")
    }

    @Test func `row 8: a query is asked again with a new proof, a procedure is not`() async throws {
        let fixture = try SessionFixture()
        let path = "/xrpc/chat.bsky.convo.getConvoForMembers"
        fixture.client.script(path, [.challenge("invalid_dpop_proof", "DPoP proof replayed"), .json([:])])
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_dpop_proof", "DPoP proof replayed")])
        let session = try await fixture.open()
        let answer = try await session.send(.query(NSID("chat.bsky.convo.getConvoForMembers")))
        #expect(answer.status == 200)
        let call = try fixture.call
        let result = await Result { () async throws(SessionError) in try await session.send(call) }
        guard case .failure(let failure) = result else {
            Issue.record("a replayed procedure has no answer")
            return
        }
        #expect(failure.mayHaveBeenSent)
    }

    @Test func `a lost answer tells whether the call may have been carried out`() async throws {
        for mayHaveBeenSent in [true, false] {
            let fixture = try SessionFixture()
            fixture.client.script(SessionFixture.callPath, [.lost(mayHaveBeenSent: mayHaveBeenSent)])
            let session = try await fixture.open()
            let call = try fixture.call
            let result = await Result { () async throws(SessionError) in try await session.send(call) }
            guard case .failure(let failure) = result else {
                Issue.record("there was no answer")
                return
            }
            #expect(failure.mayHaveBeenSent == mayHaveBeenSent)
            #expect(fixture.calls == 1, "the caller alone may repeat a call")
        }
    }

    @Test func `rows 24 and 25: a dead app-password session starts anew, and a refused password ends it`() async throws
    {
        let fixture = try SessionFixture(.appPassword)
        fixture.client.script(SessionFixture.callPath, [.error(400, "ExpiredToken"), .json(["id": "m1"])])
        fixture.client.script("/xrpc/com.atproto.server.refreshSession", [.error(400, "ExpiredToken", "revoked")])
        fixture.client.script(
            "/xrpc/com.atproto.server.createSession",
            [.passwordTokens(1), .error(401, "AuthenticationRequired", "Invalid identifier or password")]
        )
        let session = try await fixture.open()
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200)
        #expect(fixture.client.count("/xrpc/com.atproto.server.createSession") == 1)
        #expect(fixture.stored?.generation == 1)
        fixture.client.script(SessionFixture.callPath, [.error(400, "ExpiredToken")])
        for _ in 0..<5 {
            await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
            fixture.clock.advance(4000)
            await session.maintain()
        }
        #expect(await session.status().state.problem?.reason == .passwordRefused)
        #expect(await session.status().state.name == "needs-login")
        #expect(fixture.client.count("/xrpc/com.atproto.server.createSession") == 2, "no storm")
        let again = try await StoredSession.open(fixture.configuration, fixture.environment)
        await again.maintain()
        #expect(fixture.client.count("/xrpc/com.atproto.server.createSession") == 2, "a restart asks no sooner")
        fixture.client.script("/xrpc/com.atproto.server.createSession", [.passwordTokens(2)])
        fixture.client.script(SessionFixture.callPath, [Self.done])
        fixture.clock.advance(6 * 3600)
        await again.maintain()
        #expect(await again.status().state == .ok, "asked again every six hours")
    }

    @Test func `row 26: an inactive account is asked again after an hour`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.callPath, [.error(401, "AccountDeactivated"), .json(["id": "m1"])])
        let session = try await fixture.open()
        _ = try await session.send(fixture.call)
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        #expect(fixture.calls == 1)
        fixture.clock.advance(3500)
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        #expect(fixture.calls == 1)
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.clock.advance(101)
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200 && fixture.calls == 2)
    }
}
