import ATProtocol
import Logging
import Network
import TestSupport
import Testing

@testable import OAuth

/// How often a session asks, and how often it says so, while nothing gets better.
@Suite struct `A session that asks again` {
    /// Lets the daemon's loop run for a while.
    private func pass(
        _ seconds: Double,
        _ session: StoredSession,
        _ fixture: SessionFixture,
        sending: Bool = false
    ) async throws {
        let end = fixture.clock.now.offset / .seconds(1) + seconds
        while fixture.clock.now.offset / .seconds(1) < end {
            await session.maintain()
            if sending, await session.status().canSendNow { _ = try? await session.send(fixture.call) }
            fixture.clock.advance(5)
        }
    }

    @Test(arguments: [
        Answer.error(503, "x"), .error(429, "RateLimitExceeded", "x", headers: ["Retry-After": "3600"]),
        .lost(mayHaveBeenSent: false),
    ]) func `leaves a PDS in peace that does not answer`(answer: Answer) async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1), .tokens(2), .tokens(3)])
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_token", "Invalid token")])
        let session = try await fixture.open()
        _ = try? await session.send(fixture.call)
        fixture.client.script(SessionFixture.checkPath, [answer])
        fixture.clock.advance(60)
        try await pass(1800, session, fixture)
        #expect((1...15).contains(fixture.client.count(SessionFixture.checkPath)))
        fixture.client.script(SessionFixture.checkPath, [.account(["active": true])])
        try await pass(310, session, fixture)
        #expect(await session.status().state == .ok)
    }

    @Test func `leaves a directory in peace that does not answer`() async throws {
        let fixture = try SessionFixture()
        let place = "/.well-known/oauth-protected-resource"
        let metadata = "https://as2.test/.well-known/oauth-authorization-server"
        fixture.client.script(
            place,
            [.json(["resource": "https://pds.test", "authorization_servers": ["https://as2.test"]])]
        )
        fixture.client.script(metadata, [.json(SessionFixture.metadata("https://as2.test"))])
        let session = try await fixture.open()
        await session.checkIdentity()
        fixture.client.script(place, [.error(503, "x")])
        fixture.client.forget()
        try await pass(1800, session, fixture)
        #expect((1...15).contains(fixture.client.count(place)))
    }

    @Test func `does not forget what messages met because the PDS knows us`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_token", "Invalid token")])
        fixture.client.script(SessionFixture.checkPath, [.account(["active": true])])
        fixture.client.script(SessionFixture.tokenPath, (1...200).map { .tokens($0) })
        let session = try await fixture.open()
        try await pass(6 * 3600, session, fixture, sending: true)
        #expect((2...16).contains(fixture.tokenRequests))
        let alarms = fixture.log.lines.count { $0.level == .error }
        #expect((2...8).contains(alarms))
    }

    @Test func `says once an hour that the account is inactive, and never that it is well`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.callPath, [.error(401, "AccountDeactivated", "x")])
        let inactive = Answer.account(["active": false, "status": "deactivated"])
        fixture.client.script(SessionFixture.checkPath, [inactive])
        fixture.client.script(SessionFixture.tokenPath, (1...20).map { .tokens($0) })
        let session = try await fixture.open()
        _ = try? await session.send(fixture.call)
        try await pass(3 * 3600 + 60, session, fixture)
        #expect(fixture.log.count("session is usable") == 0)
        #expect(fixture.log.lines.count { $0.level == .error } == 4)
    }

    @Test func `remembers refusals over an outage and a restart`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "invalid_grant", "Invalid refresh token")])
        let session = try await fixture.open(isDaemon: false)
        fixture.clock.advance(3700)
        _ = try? await session.send(fixture.call)
        try await pass(3 * 3600, session, fixture)
        fixture.client.script(SessionFixture.tokenPath, [.lost(mayHaveBeenSent: false)])
        try await pass(2 * 3600, session, fixture)
        #expect(await session.status().state.problem?.reason == .unreachable)
        await session.drain()
        let next = try await fixture.open(isDaemon: false)
        #expect(await next.keeper.snapshot.machine.refreshes.refusals >= 4)
    }

    @Test(arguments: ["ExpiredToken", "InvalidToken", "AuthenticationRequired"])
    func `renews an app password's token that has ended, whatever the status`(name: String) async throws {
        let fixture = try SessionFixture(.appPassword)
        fixture.client.script("/xrpc/com.atproto.server.refreshSession", [.passwordTokens(1)])
        fixture.client.script(SessionFixture.callPath, [.error(401, name, "x"), .json(["id": "m1"])])
        let session = try await fixture.open()
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.client.count("/xrpc/com.atproto.server.refreshSession") == 1)
    }

    @Test func `says when a session that is over sends no more`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(
            SessionFixture.tokenPath,
            [.error(503, "x"), .error(400, "invalid_grant", "Refresh token replayed")]
        )
        let session = try await fixture.open()
        fixture.clock.advance(3588)
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.log.count("session needs a human; messages are sent until its token ends", .error) == 1)
        #expect(fixture.log.count("session needs a human; nothing is sent") == 0)
        try await pass(60, session, fixture)
        #expect(fixture.log.count("session needs a human; nothing is sent", .error) == 1)
        try await pass(3600, session, fixture)
        #expect(fixture.log.count("session still needs a human; nothing is sent", .error) == 1)
    }
}
