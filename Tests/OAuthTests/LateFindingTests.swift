import ATProtocol
import Crypto
import TestSupport
import Testing

@testable import OAuth

/// What was asked with one login's session says nothing about the next one's.
@Suite struct `A login that comes while something is asked` {
    private func relogin(_ fixture: SessionFixture) throws -> SessionRecord {
        let key = try SigningKey(.p256)
        var next = fixture.record
        next.loginID = "login-2"
        next.accessToken = "access-new"
        next.refreshToken = "refresh-new"
        next.binding?.dpopKey = try JSONWebKey.json(key)
        next.binding?.dpopThumbprint = key.publicKey.thumbprint
        next.binding?.tokenEndpoint = "https://as.test" + SessionFixture.tokenPath
        return next
    }

    @Test func `keeps its key`() async throws {
        var fixture = try SessionFixture()
        fixture.record.binding?.tokenEndpoint = "https://as.test/old/token"
        fixture.store()
        let session = try await fixture.open()
        let next = try relogin(fixture)
        let files = fixture.files
        fixture.client.during("/.well-known/oauth-authorization-server") {
            files.put(next.json.encodedText, at: SessionFixture.file)
            await session.keeper.pickUp()
        }
        await session.checkIdentity()
        await session.drain()
        let stored = try #require(fixture.stored)
        #expect(stored.loginID == "login-2")
        #expect(stored.refreshToken == "refresh-new")
        #expect(stored.binding?.dpopThumbprint == next.binding?.dpopThumbprint)
    }

    @Test func `is not ended by a refusal of the old one`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        let next = try relogin(fixture)
        let files = fixture.files
        fixture.client.script(SessionFixture.callPath, [.error(403, "ScopeMissingError", "rpc:x")])
        fixture.client.during(SessionFixture.callPath) {
            files.put(next.json.encodedText, at: SessionFixture.file)
            await session.keeper.pickUp()
        }
        let call = try fixture.call
        _ = try? await session.send(call)
        await session.drain()
        #expect(await session.status().state == .ok)
        #expect(fixture.stored?.loginID == "login-2")
        #expect(fixture.stored?.verdict == nil)
    }

    @Test func `keeps its access token when the old one is refused`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        let next = try relogin(fixture)
        let files = fixture.files
        fixture.client.script(
            SessionFixture.callPath,
            [
                .challenge("invalid_token", "Invalid token"), .json(["id": "m1"]),
            ]
        )
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.during(SessionFixture.callPath) {
            files.put(next.json.encodedText, at: SessionFixture.file)
            await session.keeper.pickUp()
        }
        let call = try fixture.call
        _ = try? await session.send(call)
        #expect(fixture.tokenRequests == 0)
    }

    @Test func `and an older generation that is refused do not bring a refused token back`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "invalid_grant", "Invalid refresh token")])
        let keeper = await session.keeper
        var old = fixture.record
        old.generation = -1
        await keeper.tokenRefused(of: fixture.record)
        #expect(await keeper.snapshot.admission.isRefused)
        await keeper.tokenRefused(of: old)
        #expect(await keeper.snapshot.admission.isRefused)
    }
}
