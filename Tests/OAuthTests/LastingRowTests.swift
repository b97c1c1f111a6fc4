import ATProtocol
import Crypto
import Logging
import Network
import TestSupport
import Testing

@testable import OAuth

/// Rows of the failure table about identity, files, crashes and other processes.
@Suite struct `Identity, files and processes, row by row of the failure table` {
    private func outcome(_ fixture: SessionFixture) async throws -> SessionState {
        try await fixture.open(isDaemon: false).status().state
    }

    @Test func `row 28: another PDS of the same issuer is used from then on`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        fixture.identities.move(to: "https://pds2.test")
        fixture.client.script(
            "/.well-known/oauth-protected-resource",
            [
                .json(["resource": "https://pds2.test", "authorization_servers": ["https://as.test"]])
            ]
        )
        await session.checkIdentity()
        _ = try await session.send(fixture.call)
        #expect(fixture.client.requests.last?.url.origin == "https://pds2.test")
        #expect(fixture.stored?.pds == "https://pds2.test")
        #expect(fixture.tokenRequests == 0)
    }

    @Test func `row 29: another issuer never sees the refresh token`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        fixture.client.script(
            "/.well-known/oauth-protected-resource",
            [
                .json(["resource": "https://pds.test", "authorization_servers": ["https://as2.test"]])
            ]
        )
        fixture.client.script(
            "/.well-known/oauth-authorization-server",
            [
                .json(SessionFixture.metadata("https://as2.test"))
            ]
        )
        await session.checkIdentity()
        #expect(await session.status().state.name == "degraded")
        #expect(await session.status().state.problem?.reason == .migrated)
        #expect(try await session.send(fixture.call).status == 200, "nothing is believed at once")
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        for _ in 0..<25 {
            fixture.clock.advance(3600)
            await session.maintain()
        }
        #expect(await session.status().state.name == "needs-login")
        #expect(await session.status().state.problem?.reason == .migrated)
        await session.drain()
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        #expect(
            fixture.client.requests.allSatisfy { $0.url.path != SessionFixture.tokenPath || $0.url.host == "as.test" }
        )
        let again = try await StoredSession.open(fixture.configuration, fixture.environment)
        #expect(await again.status().state.name == "needs-login", "a restart does not forget what was believed")
    }

    @Test func `row 29: a contradiction begins the day anew, and a restart does not`() async throws {
        let fixture = try SessionFixture()
        let place = "/.well-known/oauth-protected-resource"
        let other = Answer.json(["resource": "https://pds.test", "authorization_servers": ["https://as2.test"]])
        let same = Answer.json(["resource": "https://pds.test", "authorization_servers": ["https://as.test"]])
        let metadata = "https://as2.test/.well-known/oauth-authorization-server"
        fixture.client.script(metadata, [.json(SessionFixture.metadata("https://as2.test"))])
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.script(place, [other])
        var session = try await fixture.open(isDaemon: false)
        func pass(hours: Int) async {
            for _ in 0..<hours {
                fixture.clock.advance(3600)
                await session.maintain()
            }
        }
        await session.checkIdentity()
        await pass(hours: 20)
        #expect(await session.status().state.problem?.reason == .migrated)
        fixture.client.script(place, [same])
        await pass(hours: 1)
        #expect(await session.status().state == .ok)
        fixture.client.script(place, [other])
        await session.checkIdentity()
        await pass(hours: 20)
        #expect(await session.status().state.name == "degraded")
        await session.drain()
        session = try await fixture.open(isDaemon: false)
        #expect(await session.status().state.problem?.reason == .migrated, "it is told to the next process")
        await pass(hours: 6)
        #expect(await session.status().state.name == "needs-login")
    }

    @Test func `a directory that is down changes nothing`() async throws {
        let fixture = try SessionFixture()
        let session = try await fixture.open()
        fixture.identities.fail()
        await session.checkIdentity()
        #expect(await session.status().state == .ok)
    }

    @Test func `row 30: without a file there is no session, and a login is picked up`() async throws {
        let fixture = try SessionFixture()
        fixture.files.take(SessionFixture.file)
        let session = try await fixture.open()
        #expect(await session.status().state.problem?.reason == .neverLoggedIn)
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        fixture.store()
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200)
        #expect(await session.status().state == .ok)
    }

    @Test(arguments: [
        ("", UInt32(0o100_600)), ("{", 0o100_600), ("[]", 0o100_600), (#"{"format":2}"#, 0o100_600),
        ("good", 0o100_640), ("good", 0o100_604), ("good", 0o120_600), ("half", 0o100_600),
    ]) func `row 31: a file that must not be used is left alone`(text: String, mode: UInt32) async throws {
        let fixture = try SessionFixture()
        let good = fixture.record.json.encodedText
        let content = text == "good" ? good : text == "half" ? String(good.prefix(good.count / 2)) : text
        fixture.files.put(content, at: SessionFixture.file, mode: mode)
        let session = try await fixture.open()
        #expect(await session.status().state.problem?.reason == .fileUnusable)
        fixture.clock.advance(90_000)
        await session.maintain()
        await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
        #expect(fixture.files.text(SessionFixture.file) == content)
        #expect(fixture.tokenRequests == 0)
        fixture.store()
        fixture.clock.advance(-90_000)
        await session.maintain()
        #expect(await session.status().state == .ok, "a mended file needs no restart")
    }

    @Test func `row 31: an encrypted file needs its key and its account`() async throws {
        var fixture = try SessionFixture()
        fixture.files.put(String(repeating: "0a", count: 32), at: "/state/key")
        fixture.configuration.encryptionKeyPath = "/state/key"
        let store = try SessionStore(fixture.configuration, fixture.files)
        try store.save(fixture.record)
        #expect(fixture.files.text(SessionFixture.file)?.contains("refresh-0") == false)
        #expect(try await outcome(fixture) == .ok)
        fixture.files.put(String(repeating: "0b", count: 32), at: "/state/key")
        #expect(try await outcome(fixture).problem?.reason == .fileUnusable)
        fixture.configuration.encryptionKeyPath = nil
        #expect(try await outcome(fixture).problem?.reason == .fileUnusable)
        fixture.configuration.encryptionKeyPath = "/state/none"
        #expect(try await outcome(fixture).problem?.reason == .fileUnusable)
    }

    @Test(arguments: [Int32(28), 30, 13]) func `row 32: a full or read-only disk keeps the token unspent`(
        number: Int32
    ) async throws {
        for operation in ["reserve", "write-begin", "rename", "sync-directory"] {
            let fixture = try SessionFixture()
            fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
            let session = try await fixture.open()
            fixture.clock.advance(3588)
            fixture.files.fail(operation, with: number)
            let answer = try await session.send(fixture.call)
            #expect(answer.status == 200, "the access token serves until it ends")
            #expect(fixture.tokenRequests == 0)
            #expect(await session.status().state.problem?.reason == .storage)
            #expect(fixture.log.count("session is degraded", .error) == 1)
            fixture.clock.advance(60)
            await #expect(throws: SessionError.self) { try await session.send(fixture.call) }
            #expect(fixture.tokenRequests == 0)
            fixture.files.fail(operation, with: nil)
            fixture.clock.advance(300)
            await session.maintain()
            #expect(await session.status().state == .ok)
            #expect(fixture.stored?.generation == 1)
        }
    }

    @Test func `row 33: tokens that cannot be written serve from memory until they can`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.during(SessionFixture.tokenPath) { fixture.files.fail("write-begin", with: 28) }
        let session = try await fixture.open()
        fixture.clock.advance(3588)
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200)
        #expect(fixture.client.requests.last?.headers["Authorization"] == "DPoP access-1")
        #expect(await session.status().state.problem?.reason == .unsaved)
        #expect(fixture.stored?.generation == 0)
        #expect(
            fixture.log.count(
                "new tokens are in memory only: mend the disk, and do not stop this process before",
                .error
            ) >= 1
        )
        fixture.files.fail("write-begin", with: nil)
        await session.drain()
        #expect(fixture.stored?.generation == 1)
        #expect(fixture.stored?.refreshToken == "refresh-1")
        #expect(await session.status().state == .ok)
        #expect(fixture.tokenRequests == 1)
    }

    @Test func `row 33: tokens that are in the file are not reported as kept in memory only`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.during(SessionFixture.tokenPath) { fixture.files.fail("sync-directory", with: 5) }
        let session = try await fixture.open()
        fixture.clock.advance(3588)
        let answer = try await session.send(fixture.call)
        #expect(answer.status == 200)
        #expect(fixture.stored?.refreshToken == "refresh-1")
        #expect(await session.status().state == .ok)
        #expect(
            fixture.log.count("new tokens are in memory only: mend the disk, and do not stop this process before") == 0
        )
        #expect(fixture.log.count("new tokens are stored, but may not survive a power cut", .error) == 1)
        fixture.clock.advance(3588)
        _ = try await session.send(fixture.call)
        #expect(fixture.tokenRequests == 1, "a token is spent only where its successor is known to last")
        #expect(await session.status().state.problem?.reason == .storage)
    }

    @Test func `row 34: a refresh that a crash cut off is tried once more, and its loss has a name`() async throws {
        for isLost in [true, false] {
            var fixture = try SessionFixture()
            fixture.record.intent = SessionRecord.Intent(
                generation: 0,
                startedAt: UnixTime(seconds: LeapingClock.start)
            )
            fixture.store()
            fixture.client.script(
                SessionFixture.tokenPath,
                isLost ? [.error(400, "invalid_grant", "Refresh token replayed")] : [.tokens(1)]
            )
            let session = try await fixture.open()
            #expect(fixture.log.count("an earlier process ended in the middle of renewing the tokens") == 1)
            await session.maintain()
            let state = await session.status().state
            #expect(state.problem?.reason == (isLost ? .lostInCrash : nil))
            #expect(state.name == (isLost ? "needs-login" : "ok"))
        }
    }

    @Test func `row 35: a second daemon ends before it touches anything`() async throws {
        let fixture = try SessionFixture()
        let first = try await fixture.open()
        let before = fixture.files.log.count { !$0.hasPrefix("lock") }
        await #expect(throws: OAuthError.self) { try await fixture.open() }
        #expect(fixture.files.log.count { !$0.hasPrefix("lock") } == before)
        #expect(await first.status().state == .ok)
        #expect(try await outcome(fixture) == .ok, "looking is allowed")
    }

    @Test func `another account, kind, client or key in the configuration sends nothing`() async throws {
        var fixture = try SessionFixture()
        fixture.configuration.account = try DID("did:plc:cccccccccccccccccccccccc")
        #expect(try await outcome(fixture).problem?.reason == .otherAccount)
        fixture = try SessionFixture()
        fixture.configuration.kind = .loopback
        #expect(try await outcome(fixture).problem?.reason == .otherClient)
        fixture = try SessionFixture()
        fixture.configuration.clientID = "https://client.test/other.json"
        #expect(try await outcome(fixture).problem?.reason == .otherClient)
        fixture = try SessionFixture(.loopback)
        fixture.configuration.clientID = "http://localhost?scope=transition:generic"
        #expect(try await outcome(fixture).problem?.reason == .credentials)
        fixture = try SessionFixture()
        fixture.files.take("/state/client.json")
        #expect(try await outcome(fixture).problem?.reason == .credentials)
        try ClientKey(id: "k1", key: SigningKey(.p256)).write(to: "/state/client.json", files: fixture.files)
        #expect(try await outcome(fixture).problem?.reason == .otherKey)
        fixture = try SessionFixture()
        fixture.record.binding?.dpopKey = try JSONWebKey.json(SigningKey(.p256))
        fixture.store()
        #expect(try await outcome(fixture).problem?.reason == .keyBinding)
    }
}
