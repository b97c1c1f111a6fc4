import ATProtocol
import Logging
import Network
import TestSupport
import Testing

@testable import OAuth

/// Rows of the failure table that take more than one answer to tell.
@Suite struct `A refresh that is tried again and again` {
    @Test func `row 17: what is refused without proof is asked again for ever`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "InvalidRequest")])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        let hourly = [Double](repeating: 3600, count: 24)
        for (round, wait) in ([60.0, 300, 900, 3600] + hourly + [21_600, 21_600, 21_600]).enumerated() {
            await session.maintain()
            _ = try? await session.send(fixture.call)
            #expect(fixture.tokenRequests == round + 1)
            #expect(await session.status().state.name == "degraded")
            #expect(await !session.status().canSendNow)
            fixture.clock.advance(wait - 1)
            await session.maintain()
            #expect(fixture.tokenRequests == round + 1)
            fixture.clock.advance(2)
        }
        #expect(fixture.log.count("session cannot send; messages wait", .error) == 1)
        let alarms = fixture.log.metadata(of: "session still cannot send; messages wait")
        #expect(alarms.count >= 25 && alarms.allSatisfy { $0["run"] == "impact-notifier login" })
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        await session.maintain()
        #expect(await session.status().state == .ok)
        #expect(try await session.send(fixture.call).status == 200)
    }

    @Test func `row 17: a restart asks at once, at most each minute, and goes on where it was`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "invalid_grant", "Invalid refresh token")])
        var session = try await fixture.open(isDaemon: false)
        fixture.clock.advance(4000)
        _ = try? await session.send(fixture.call)
        for wait in [61.0, 301, 901] {
            await session.maintain()
            fixture.clock.advance(wait)
        }
        await session.maintain()
        #expect(fixture.tokenRequests == 4)
        session = try await fixture.open(isDaemon: false)
        await session.maintain()
        #expect(fixture.tokenRequests == 4, "one of many processes")
        fixture.clock.advance(61)
        await session.maintain()
        #expect(fixture.tokenRequests == 5)
        fixture.clock.advance(3598)
        await session.maintain()
        #expect(fixture.tokenRequests == 5, "the hourly waits go on")
        fixture.clock.advance(3)
        await session.maintain()
        #expect(fixture.tokenRequests == 6)
    }

    @Test func `row 16: limits of requests are no refusals, and no state to keep`() async throws {
        let fixture = try SessionFixture()
        let limit = Answer.error(429, "RateLimitExceeded", "Rate Limit Exceeded", headers: ["Retry-After": "60"])
        let refusal = Answer.error(400, "invalid_grant", "Invalid refresh token")
        fixture.client.script(SessionFixture.tokenPath, [limit, limit, limit, limit, refusal, .tokens(1)])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        for _ in 0..<4 {
            await session.maintain()
            _ = try? await session.send(fixture.call)
            #expect(await session.status().state.problem?.reason == .rateLimited)
            #expect(fixture.stored?.setbacks == [:])
            fixture.clock.advance(61)
        }
        await session.maintain()
        #expect(await session.status().state.problem?.reason == .refreshRefused)
        fixture.clock.advance(61)
        await session.maintain()
        #expect(await session.status().state == .ok, "the first refusal is asked about again after a minute")
    }

    @Test func `a token endpoint that moved is found at the same issuer, and stored`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.success(HTTPResponse(status: 404))])
        var metadata = SessionFixture.metadata("https://as.test").object ?? [:]
        metadata["token_endpoint"] = "https://as.test/new/token"
        fixture.client.script("/.well-known/oauth-authorization-server", [.json(.object(metadata))])
        fixture.client.script("/new/token", [.tokens(1)])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        #expect(try await session.send(fixture.call).status == 200)
        #expect(fixture.stored?.binding?.tokenEndpoint == "https://as.test/new/token")
        #expect(fixture.stored?.generation == 1)
        #expect(await session.status().state == .ok)
    }

    @Test func `row 14: an answer is waited for as long as two minutes`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        _ = try await session.send(fixture.call)
        let request = fixture.client.requests.first { $0.url.path == SessionFixture.tokenPath }
        #expect(request?.timeout == .seconds(120))
    }

    @Test func `the life of new tokens counts from before the request that brings them`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.during(SessionFixture.tokenPath) { fixture.clock.advance(25) }
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        let askedAt = fixture.clock.dates.now()
        _ = try await session.send(fixture.call)
        #expect(fixture.clock.dates.now() == askedAt + 25)
        #expect(await session.status().accessExpiresAt == askedAt + 3599)
    }

    @Test func `row 6: the warning tells by how much the clock is wrong`() async throws {
        let fixture = try SessionFixture()
        fixture.clock.advance(4000)
        let date = HTTPDate.text(fixture.clock.dates.now().seconds - 90)
        let message = "DPoP proof: \"iat\" claim timestamp check failed (it should be in the past)"
        fixture.client.script(
            SessionFixture.tokenPath,
            [.error(401, "invalid_dpop_proof", message, headers: ["Date": date]), .tokens(1)]
        )
        _ = try await fixture.open().send(fixture.call)
        let warning = try #require(
            fixture.log.lines.first {
                $0.message == "this machine's clock differs from the server's; check it with timedatectl"
            }
        )
        #expect(warning.level == .warning)
        #expect(warning.metadata == ["host": "https://as.test", "seconds": "-90"])
    }

    @Test func `row 10: a key that is hosted again ends the trouble without a login`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(
            SessionFixture.tokenPath,
            [.error(400, "invalid_client", "no applicable key"), .tokens(1)]
        )
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        _ = try? await session.send(fixture.call)
        #expect(await session.status().state.name == "misconfigured")
        fixture.clock.advance(899)
        await session.maintain()
        #expect(fixture.tokenRequests == 1)
        fixture.clock.advance(2)
        await session.maintain()
        #expect(await session.status().state == .ok)
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200)
    }

    @Test func `row 11: the alarm comes when the access token is gone, with what is wrong with the document`()
        async throws
    {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "invalid_client_metadata", "Unable to obtain")])
        fixture.client.script("/metadata.json", [.success(HTTPResponse(status: 503))])
        let session = try await fixture.open()
        fixture.clock.advance(3588)
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200)
        await session.maintain()
        let alarm = "session cannot send; messages wait"
        #expect(fixture.log.count(alarm) == 0)
        for _ in 0..<10 {
            fixture.clock.advance(60)
            await session.maintain()
        }
        #expect(fixture.log.count(alarm, .error) == 1)
        #expect(fixture.log.metadata(of: alarm).first?["run"] == "impact-notifier client verify")
        #expect(fixture.log.count("the hosted client metadata is wrong") >= 1)
    }

    @Test func `row 18: the raw answer is kept for the operator`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.success(HTTPResponse(status: 200, body: Array("odd".utf8)))])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        _ = try? await session.send(fixture.call)
        let kept = fixture.files.names.filter { $0.contains("session.answer") }
        #expect(kept.count == 1)
        #expect(fixture.files.text(kept.first ?? "") == "odd")
        #expect(fixture.stored?.refreshToken == "refresh-0")
    }

    @Test func `row 19: the wrong tokens are revoked`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1, sub: "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        _ = try? await session.send(fixture.call)
        #expect(fixture.client.count("/oauth/revoke") == 1)
        #expect(fixture.stored?.verdict?.name == "needs-login")
    }
}
