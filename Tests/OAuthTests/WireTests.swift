import ATProtocol
import Network
import Sandbox
import Testing

@testable import OAuth

/// A clock that is wrong.
private struct SkewedClock: WallClock {
    let clock: any WallClock
    let skew: Double

    func now() -> UnixTime { clock.now() + .seconds(skew) }
}

@Suite struct `A session over real sockets` {
    private let token = "as POST /oauth/token"

    private func session(_ login: SandboxLogin) async throws -> StoredSession {
        try await StoredSession.open(login.configuration, login.environment)
    }

    private func proofs(_ login: SandboxLogin, _ pattern: String) -> [String] {
        login.network.journal.entries(matching: pattern).compactMap { $0.request.headers["DPoP"] }
    }

    @Test(arguments: [-300.0, -30, -1, 0, 1, 30, 300]) func `a clock that is wrong by this many seconds does no harm`(
        skew: Double
    ) async throws {
        for personality in [AuthorizationServer.Personality.reference, .cocoon] {
            var login = try await SandboxLogin()
            login.environment.clock = SkewedClock(clock: login.network.clock, skew: skew)
            try login.hostClient()
            login.network.authorizationServer.use(personality)
            try await login.logIn()
            let session = try await session(login)
            #expect(try await session.check() == "sender.test")
            login.network.clock.advance(by: .seconds(4000))
            #expect(try await session.check() == "sender.test", "\(personality) \(skew)")
            #expect(await session.status().generation == 1)
        }
    }

    @Test func `a keep-alive connection that dies carries each POST once`() async throws {
        let login = try await SandboxLogin()
        try await login.logIn()
        let session = try await session(login)
        _ = try await session.check()
        let call = XRPCCall.procedure(try NSID("com.atproto.server.deactivateAccount"), [:])
        login.network.journal.clear()
        login.network.faults.add(.dropAfter, on: "pds POST")
        let result = await Result { () async throws(SessionError) in try await session.send(call) }
        guard case .failure(let failure) = result else {
            Issue.record("the connection died")
            return
        }
        #expect(failure.mayHaveBeenSent)
        #expect(proofs(login, "pds POST").count == 1)
    }

    @Test func `a refresh whose answer is lost before the server acted is repaired by the one repetition`() async throws
    {
        let login = try await SandboxLogin()
        try await login.logIn()
        let session = try await session(login)
        _ = try await session.check()
        login.network.clock.advance(by: .seconds(3700))
        login.network.journal.clear()
        login.network.faults.add(.dropBefore, on: token, skipping: 1)
        #expect(try await session.check() == "sender.test")
        #expect(await session.status().generation == 1)
        let seen = proofs(login, token)
        #expect(Set(seen).count == seen.count, "libcurl repeated nothing by itself")
    }

    @Test func `a refresh whose answer is lost after the rotation ends in needs-login, for good`() async throws {
        for bytes in [0, 300] {
            for resets in [true, false] {
                let login = try await SandboxLogin()
                try await login.logIn()
                let session = try await session(login)
                _ = try await session.check()
                login.network.clock.advance(by: .seconds(3700))
                // The first request of this process to the server only learns the nonce.
                login.network.faults.add(
                    Fault(.truncate(bytes: bytes, resets: resets), .afterHandling),
                    on: token,
                    skipping: 1
                )
                _ = try? await session.check()
                let state = await session.status().state
                #expect(state.problem?.reason == .tokenDead, "cut after \(bytes) bytes")
                await session.drain()
                let again = try await self.session(login)
                #expect(await again.status().state.name == "needs-login")
            }
        }
    }

    @Test func `after a lost answer a stateless access token serves until it ends`() async throws {
        let login = try await SandboxLogin()
        login.network.authorizationServer.lifetimes.areAccessTokensStateless = true
        try await login.logIn()
        let session = try await session(login)
        _ = try await session.check()
        login.network.clock.advance(by: .seconds(3575))
        login.network.faults.add(.dropAfter, on: token, skipping: 1)
        #expect(try await session.check() == "sender.test")
        var seconds = 0
        while await session.status().state.name == "ok", seconds < 20 {
            login.network.clock.advance(by: .seconds(1))
            seconds += 1
            _ = try? await session.check()
        }
        #expect(await session.status().state.problem?.reason == .tokenDead)
        #expect(try await session.check() == "sender.test")
        login.network.clock.advance(by: .seconds(60))
        await #expect(throws: SessionError.self) { try await session.check() }
    }

    @Test func `metadata that is down delays the refresh and loses nothing`() async throws {
        var login = try await SandboxLogin()
        try login.hostClient()
        try await login.logIn()
        let session = try await session(login)
        login.network.faults.add(.dropBefore, on: "client GET", lasting: .seconds(3760))
        login.network.clock.advance(by: .seconds(3700))
        await #expect(throws: SessionError.self) { try await session.check() }
        #expect(await session.status().state.problem?.reason == .clientMetadata)
        login.network.clock.advance(by: .seconds(120))
        #expect(try await session.check() == "sender.test")
    }

    @Test func `a session that is revoked elsewhere is found out and named`() async throws {
        let login = try await SandboxLogin()
        try await login.logIn()
        let session = try await session(login)
        _ = try await session.check()
        login.network.authorizationServer.revokeSessions(of: login.account.did)
        await #expect(throws: SessionError.self) { try await session.check() }
        #expect(await session.status().state.problem?.reason == .refreshRefused)
        #expect(await session.status().state.name == "degraded", "the server says the same when its store fails")
    }

    @Test func `a loopback session ends after 14 days`() async throws {
        let login = try await SandboxLogin()
        try await login.logIn()
        let session = try await session(login)
        login.network.clock.advance(by: .seconds(13.99 * 86_400))
        #expect(try await session.check() == "sender.test")
        login.network.clock.advance(by: .seconds(0.06 * 86_400))
        await #expect(throws: SessionError.self) { try await session.check() }
        #expect(await session.status().state.problem?.reason == .sessionEnded)
    }

    @Test func `a confidential session lives 91 days unused, and two years in all`() async throws {
        var login = try await SandboxLogin()
        try login.hostClient()
        try await login.logIn()
        let session = try await session(login)
        for _ in 0..<8 {
            login.network.clock.advance(by: .seconds(91 * 86_400))
            #expect(try await session.check() == "sender.test")
        }
        login.network.clock.advance(by: .seconds(3 * 86_400))
        await #expect(throws: SessionError.self) { try await session.check() }
        #expect(await session.status().state.problem?.reason == .sessionEnded)
        try await login.logIn()
        login.network.clock.advance(by: .seconds(91.5 * 86_400))
        await #expect(throws: SessionError.self) { try await session.check() }
        #expect(await session.status().state.problem?.reason == .sessionEnded)
    }

    @Test func `a server that never says invalid_grant never proves an end`() async throws {
        let login = try await SandboxLogin()
        login.network.authorizationServer.use(.cocoon)
        try await login.logIn()
        let session = try await session(login)
        login.network.authorizationServer.revokeSessions(of: login.account.did)
        login.network.clock.advance(by: .seconds(3700))
        for wait in [61.0, 301, 901, 1] {
            await #expect(throws: SessionError.self) { try await session.check() }
            login.network.clock.advance(by: .seconds(wait))
        }
        #expect(await session.status().state.problem?.reason == .unrecognizedRefusal)
        #expect(await session.status().state.name == "degraded")
    }
}
