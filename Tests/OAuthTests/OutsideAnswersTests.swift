import ATProtocol
import Network
import TestSupport
import Testing

@testable import OAuth

/// Answers, files and directories that nobody should make, and somebody does.
@Suite struct `What comes from outside` {
    private func response(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
    }

    @Test(
        arguments: [
            ("3600", 3600.0), ("1", 1), ("59.5", 59.5), ("0", nil), ("-5", nil), ("1e20", nil),
            ("9223372036854775807", nil), ("\"3600\"", nil), ("null", nil),
        ] as [(String, Double?)]
    ) func `a token's life is a time or unknown`(text: String, seconds: Double?) throws {
        let body = #"{"access_token":"a","refresh_token":"r","expires_in":\#(text)}"#
        #expect(try #require(TokenSet(response(200, body))).expiresIn?.inSeconds == seconds)
    }

    @Test(arguments: ["inf", "nan", "1e999", "1790000000000", "99999999999999"])
    func `no reset silences the session for more than a day`(reset: String) {
        let wait = RefreshReply.wait(response(429, "", ["RateLimit-Reset": reset]), now: 1_790_000_000)
        #expect((wait ?? 0) <= 86_400)
        #expect(RefreshReply.wait(response(429, "", ["RateLimit-Reset": "1790000060"]), now: 1_790_000_000) == 60)
    }

    @Test(arguments: [301, 302, 403, 408, 418])
    func `the page of a proxy says nothing about the token`(status: Int) {
        let reply = RefreshReply(token: response(status, "<html>no</html>"), now: 0)
        guard case .unreachable = reply else {
            Issue.record("\(reply)")
            return
        }
    }

    @Test func `tokens with another success are tokens, and a refusal without sense is one`() {
        let tokens = #"{"access_token":"a","refresh_token":"r"}"#
        guard case .tokens = RefreshReply(token: response(201, tokens), now: 0) else {
            Issue.record("not taken")
            return
        }
        guard case .unrecognized = RefreshReply(token: response(400, "no"), now: 0) else {
            Issue.record("not judged")
            return
        }
    }

    @Test func `a refused refresh of an app-password session says nothing about the password`() {
        let refusal = response(401, #"{"error":"AuthenticationRequired"}"#)
        #expect(RefreshReply(password: refusal, isRefresh: true, now: 0) == .passwordSessionEnded)
        guard case .passwordRefused = RefreshReply(password: refusal, isRefresh: false, now: 0) else {
            Issue.record("not judged")
            return
        }
    }

    @Test func `a file that was open to others when tokens were due is taken again once it is not`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        let session = try await fixture.open()
        let text = try #require(fixture.files.text(SessionFixture.file))
        fixture.clock.advance(4000)
        fixture.files.own(by: 0)
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        #expect(await session.status().state.name == "misconfigured")
        // What the operator is told to do, and nothing else: the file is the same.
        fixture.files.own(by: 1000)
        #expect(fixture.files.text(SessionFixture.file) == text)
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.tokenRequests == 1)
    }

    @Test func `a login into somebody else's directory ends before anything is spent`() async throws {
        let fixture = try SessionFixture()
        let store = try SessionStore(fixture.configuration, fixture.files)
        let storage = try LoginStorage(fixture.configuration, fixture.environment)
        fixture.files.own(by: 0)
        let failure = await #expect(throws: OAuthError.self) { _ = try await storage.prepare() }
        #expect(failure?.sentence.contains("another user") == true)
        fixture.files.own(by: 1000)
        let lock = try await storage.prepare()
        #expect(try store.lock() == nil, "no daemon writes while a login is under way")
        lock.unlock()
    }

    @Test func `a call that messages do not need does not end the session when its scope is missing`() async throws {
        let fixture = try SessionFixture()
        let path = "/xrpc/chat.bsky.convo.getLog"
        fixture.client.script(path, [.error(403, "ScopeMissingError", "Missing required scope")])
        let session = try await fixture.open()
        let call = XRPCCall.query(try NSID("chat.bsky.convo.getLog"), proxy: "did:web:api.bsky.chat#bsky_chat")
        #expect(try await session.send(call).status == 403)
        #expect(await session.status().state == .ok)
        #expect(try await session.send(fixture.call).status == 200)
    }

    @Test func `a file with numbers that no date has is refused, and crashes nobody`() throws {
        let fixture = try SessionFixture()
        for (key, value) in [("created_at", Int64.max), ("expires_at", -1), ("generation", Int64.max)] {
            var members = fixture.record.json.object ?? [:]
            members[key] = .integer(value)
            let record = SessionRecord(.object(members))
            #expect(record == nil || record?.expiresAt == nil, "\(key)")
        }
        for seconds in [Double.infinity, -.infinity, .nan, 1e300] {
            _ = CalendarDate(UnixTime(seconds: seconds)).timestamp
        }
    }
}
