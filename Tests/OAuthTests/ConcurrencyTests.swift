import ATProtocol
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import OAuth

@Suite struct `Many callers, processes and logins` {
    private func gated() async throws -> (SessionFixture, Gate, StoredSession) {
        let fixture = try SessionFixture()
        let gate = Gate()
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.client.during(SessionFixture.tokenPath) { await gate.pass() }
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        return (fixture, gate, session)
    }

    @Test func `callers that are cancelled leave at once, and the refresh goes on`() async throws {
        let (fixture, gate, session) = try await gated()
        let call = try fixture.call
        let callers = (0..<50).map { _ in
            Task { await Result { () async throws(SessionError) in try await session.send(call) } }
        }
        await gate.arrival()
        for caller in callers { caller.cancel() }
        for caller in callers {
            guard case .failure(let failure) = await caller.value else {
                Issue.record("a cancelled caller got an answer before the tokens were there")
                continue
            }
            #expect(failure.transport?.code == .cancelled)
            #expect(!failure.mayHaveBeenSent)
        }
        gate.open()
        await session.drain()
        #expect(fixture.stored?.generation == 1)
        #expect(fixture.tokenRequests == 1)
        let answer = try await session.send(call)
        #expect(answer.status == 200)
    }

    @Test func `the end of the process waits for a refresh and its tokens`() async throws {
        let (fixture, gate, session) = try await gated()
        let running = Task { await session.run() }
        let call = try fixture.call
        let caller = Task { try? await session.send(call) }
        await gate.arrival()
        running.cancel()
        caller.cancel()
        #expect(fixture.stored?.generation == 0)
        gate.open()
        await running.value
        #expect(fixture.stored?.generation == 1)
        #expect(fixture.stored?.intent == nil)
    }

    @Test func `two processes on one file renew once`() async throws {
        var login = try await SandboxLogin()
        try await login.logIn()
        // Who waits for the lock of the file waits by the clock.
        login.environment.sleeper = ContinuousClock()
        let one = try await StoredSession.open(login.configuration, login.environment, isDaemon: true)
        let other = try await StoredSession.open(login.configuration, login.environment)
        login.network.clock.advance(by: .seconds(3700))
        login.network.journal.clear()
        let call = XRPCCall.query(try NSID("com.atproto.server.getSession"))
        let statuses = await withTaskGroup(of: Int.self) { group in
            for index in 0..<40 {
                let session = index % 2 == 0 ? one : other
                group.addTask { (try? await session.send(call))?.status ?? 0 }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses == [Int](repeating: 200, count: 40))
        #expect(login.network.journal.entries(matching: "as POST /oauth/token").count { $0.status == 200 } == 1)
        let generations = [await one.status().generation, await other.status().generation]
        #expect(generations == [1, 1])
        await #expect(throws: OAuthError.self) {
            try await StoredSession.open(login.configuration, login.environment, isDaemon: true)
        }
    }

    @Test func `a login during a refresh waits for it, and is not overwritten`() async throws {
        let (fixture, gate, session) = try await gated()
        let call = try fixture.call
        let caller = Task { try? await session.send(call) }
        await gate.arrival()
        var new = fixture.record
        new.loginID = "login-2"
        new.accessToken = "access-of-login-2"
        new.refreshToken = "refresh-of-login-2"
        new.createdAt = fixture.clock.dates.now()
        new.expiresAt = fixture.clock.dates.now() + 1_000_000
        // Who waits for the lock of the file waits by the clock.
        var environment = fixture.environment
        environment.sleeper = ContinuousClock()
        let storage = try LoginStorage(fixture.configuration, environment)
        let login = Task { [new] in try? await storage.replace(with: new, releasing: storage.prepare()) }
        gate.open()
        _ = await caller.value
        let status = await login.value
        #expect(status?.state == .ok)
        #expect(fixture.stored?.loginID == "login-2")
        let answer = try await session.send(call)
        #expect(answer.status == 200)
        #expect(fixture.client.requests.last?.headers["Authorization"] == "DPoP access-of-login-2")
        #expect(fixture.log.count("new login picked up") == 1)
        // The tokens of the old login were stored first, so they could be revoked.
        let revocation = fixture.client.requests.last { $0.url.path == "/oauth/revoke" }
        let form = String(decoding: revocation?.body ?? [], as: UTF8.self)
        #expect(form.contains("token=refresh-1"))
    }

    @Test func `a login while tokens are in memory only wins over them`() async throws {
        let (fixture, gate, session) = try await gated()
        gate.open()
        fixture.client.during(SessionFixture.tokenPath) { fixture.files.fail("write", with: 28) }
        _ = try await session.send(fixture.call)
        #expect(await session.status().state.problem?.reason == .unsaved)
        var new = fixture.record
        new.loginID = "login-2"
        // As a login does it: what is read under the lock still holds when it is written.
        let store = try SessionStore(fixture.configuration, fixture.files)
        var lock: (any FileLock)?
        for _ in 0..<100_000 where lock == nil {
            lock = try store.lock()
            await Task.yield()
        }
        try #require(lock != nil)
        fixture.files.put(new.json.encodedText, at: SessionFixture.file)
        fixture.files.fail("write", with: nil)
        lock?.unlock()
        await session.drain()
        #expect(fixture.stored?.loginID == "login-2")
        #expect(await session.status().state == .ok)
    }

    @Test(arguments: [false, true])
    func `a command does not show the token whose successor a daemon holds in memory only`(
        isEarly: Bool
    ) async throws {
        var fixture = try SessionFixture()
        // The daemon tries again after a second, which does not leap.
        fixture.environment.sleeper = ContinuousClock()
        let daemon = try await fixture.open()
        let early = isEarly ? try await fixture.open(isDaemon: false) : nil
        fixture.client.script(SessionFixture.tokenPath, [.tokens(1)])
        fixture.clock.advance(3590)
        let files = fixture.files
        fixture.client.during(SessionFixture.tokenPath) { files.fail("write", with: 28) }
        _ = try await daemon.send(fixture.call)
        #expect(await daemon.status().state.problem?.reason == .unsaved)
        // The operator makes room, and runs what the alarm names.
        fixture.client.during(SessionFixture.tokenPath, nil)
        files.fail("write", with: nil)
        fixture.client.forget()
        let late = isEarly ? nil : try await fixture.open(isDaemon: false)
        let command = try #require(early ?? late)
        _ = try? await command.check()
        #expect(fixture.tokenRequests == 0)
        await daemon.drain()
        #expect(fixture.stored?.refreshToken == "refresh-1")
    }

    @Test func `a reminder comes each hour, and a login ends it without a restart`() async throws {
        let fixture = try SessionFixture()
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "invalid_grant", "Session expired")])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        _ = try? await session.send(fixture.call)
        for _ in 0..<36 {
            fixture.clock.advance(600)
            await session.maintain()
        }
        #expect(fixture.log.count("session needs a human; nothing is sent", .error) == 1)
        #expect(fixture.log.count("session still needs a human; nothing is sent", .error) == 6)
        #expect(fixture.log.lines.last?.metadata["run"] == "impact-notifier login")
        #expect(fixture.tokenRequests == 1)
        var new = fixture.record
        new.loginID = "login-2"
        new.expiresAt = fixture.clock.dates.now() + 3600
        fixture.files.put(new.json.encodedText, at: SessionFixture.file)
        await session.maintain()
        #expect(await session.status().state == .ok)
        #expect(fixture.log.count("session is usable", .notice) == 1)
    }
}
