import ATProtocol
import Network
import TestSupport
import Testing

@testable import OAuth

/// Waits are durations: a clock that was wrong leaves nothing behind.
@Suite struct `A clock that was wrong` {
    private static let month: Double = 30 * 86_400
    private static let skewed = "DPoP proof: \"iat\" claim timestamp check failed (it should be in the past)"

    private func fixture() throws -> (SessionFixture, WrongClock) {
        var fixture = try SessionFixture()
        let clock = WrongClock(fixture.clock)
        fixture.environment.clock = clock
        return (fixture, clock)
    }

    @Test(arguments: [month, -month]) func `puts off no renewal that waits`(error: Double) async throws {
        let (fixture, clock) = try fixture()
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "invalid_grant", "Invalid refresh token")])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        _ = try? await session.send(fixture.call)
        clock.isWrong(by: error)
        fixture.clock.advance(61)
        await session.maintain()
        #expect(fixture.tokenRequests == 2)
        clock.isWrong(by: 0)
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.clock.advance(301)
        await session.maintain()
        #expect(await session.status().state == .ok)
        #expect(try await session.send(fixture.call).status == 200)
    }

    @Test(arguments: [false, true]) func `puts off no call that waits, of this process and of the next`(
        isRestarted: Bool
    ) async throws {
        let (fixture, clock) = try fixture()
        clock.isWrong(by: Self.month)
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1), .tokens(2), .tokens(3)])
        fixture.client.script(SessionFixture.callPath, [.challenge("invalid_token", "Invalid token")])
        var session = try await fixture.open(isDaemon: false)
        _ = try? await session.send(fixture.call)
        #expect(await session.status().state.problem?.reason == .tokenRefused)
        await session.drain()
        clock.isWrong(by: 0)
        if isRestarted { session = try await fixture.open(isDaemon: false) }
        fixture.client.script(SessionFixture.checkPath, [.account()])
        fixture.clock.advance(61)
        await session.maintain()
        #expect(await session.status().state == .ok)
    }

    @Test func `does not keep the daily renewal and the daily look from being made`() async throws {
        let (fixture, clock) = try fixture()
        fixture.client.script(SessionFixture.tokenPath, (1..<50).map { .tokens($0) })
        let session = try await fixture.open()
        clock.isWrong(by: 12 * Self.month)
        await session.maintain()
        #expect(fixture.tokenRequests == 1, "by that clock nothing was renewed for a year")
        clock.isWrong(by: 0)
        await session.maintain()
        #expect(fixture.tokenRequests == 2, "nobody knows when it was renewed")
        let looks = fixture.client.count("/.well-known/oauth-protected-resource")
        for _ in 0..<5 {
            fixture.clock.advance(21_600)
            await session.maintain()
        }
        #expect(fixture.tokenRequests == 3)
        #expect(fixture.client.count("/.well-known/oauth-protected-resource") == looks + 1)
    }

    @Test func `is told from a wrong Date: ours is tried before anything is said`() async throws {
        let (fixture, _) = try fixture()
        let stale = HTTPDate.text(LeapingClock.start - Self.month)
        let refusal = Answer.error(401, "invalid_dpop_proof", Self.skewed, headers: ["Date": stale])
        fixture.client.script(SessionFixture.tokenPath, [refusal, refusal, .tokens(1)])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.tokenRequests == 3)
        // Whatever the cache says from then on.
        fixture.client.script(SessionFixture.tokenPath, [.tokens(2)])
        fixture.clock.advance(4000)
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.tokenRequests == 4)
    }

    @Test func `is found out when it is ours after all`() async throws {
        let (fixture, clock) = try fixture()
        clock.isWrong(by: -Self.month)
        let date = HTTPDate.text(fixture.clock.dates.now().seconds)
        let refusal = Answer.error(401, "invalid_dpop_proof", Self.skewed, headers: ["Date": date])
        fixture.client.script(SessionFixture.tokenPath, [refusal, .tokens(1)])
        let session = try await fixture.open()
        fixture.clock.advance(4000 + Self.month)
        _ = try? await session.send(fixture.call)
        #expect(fixture.tokenRequests == 2)
        #expect(fixture.stored?.generation == 1)
    }
}
