import ATProtocol
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import OAuth

/// Invariant 5: a refresh token is spent only when its successor can be stored, and the successor is on disk before use.
@Suite struct Crashes {
    /// A machine on which processes live and die: disk, clock and servers outlast them.
    struct Machine {
        var fixture: SessionFixture
        let server: RotatingServer

        init() throws {
            fixture = try SessionFixture()
            server = RotatingServer(clock: fixture.clock, files: fixture.files)
        }

        /// Starts a process.
        func boot(dying death: (MortalClient.Death, atRequest: Int)? = nil) async throws -> MortalSession {
            try await MortalSession(on: fixture, dying: death) { [server] request in server.answer(request) }
        }

        /// Whether the stored token is the one that the server would take.
        var isStoredTokenGood: Bool {
            let state = server.snapshot
            return state.isAlive && fixture.stored?.refreshToken == "refresh-\(state.current)"
        }

        /// Tokens that were shown although their successor was on the disk.
        var spentTwice: [Int] {
            let texts = fixture.files.history(of: SessionFixture.file)
            var persisted: Set<Int> = []
            for text in texts {
                let record = (try? JSONValue(parsing: text)).flatMap(SessionRecord.init)
                if let number = record.flatMap({ Int($0.refreshToken.dropFirst("refresh-".count)) }) {
                    persisted.insert(number)
                }
            }
            var seen: Set<Int> = []
            return server.snapshot.shown.filter { !seen.insert($0).inserted && persisted.contains($0 + 1) }
        }
    }

    @Test func `a process that dies at any file operation of a refresh leaves a session that lives, or says why not`()
        async throws
    {
        var lost = 0
        var survived = 0
        for operation in 1..<60 {
            let machine = try Machine()
            let session = try await machine.boot()
            machine.fixture.clock.advance(4000)
            machine.fixture.files.crash(afterOperations: operation)
            let call = try machine.fixture.call
            _ = await Result { () async throws(SessionError) in try await session.send(call) }
            guard machine.fixture.files.isDead else { break }
            machine.fixture.files.restart()
            let wasGood = machine.isStoredTokenGood
            let second = try await machine.boot()
            await second.maintain()
            let result = await Result { () async throws(SessionError) in try await second.send(call) }
            if wasGood {
                survived += 1
                #expect((try? result.get().status) == 200, "operation \(operation)")
            } else {
                lost += 1
                #expect(await second.status().state.problem?.reason == .lostInCrash, "operation \(operation)")
            }
            #expect(machine.spentTwice == [], "operation \(operation)")
        }
        #expect(survived >= 8)
        // Between the server's rotation and the directory's sync nothing can help.
        #expect(lost >= 1 && lost <= 4, "lost \(lost), survived \(survived)")
    }

    @Test(arguments: [MortalClient.Death.beforeServer, .afterServer])
    func `a process that dies in a request loses the session only if the server had rotated`(
        death: MortalClient.Death
    ) async throws {
        let machine = try Machine()
        // The first request of a process learns the nonce, the second one is the refresh.
        let session = try await machine.boot(dying: (death, atRequest: 1))
        machine.fixture.clock.advance(4000)
        _ = try? await session.send(machine.fixture.call)
        #expect(machine.fixture.files.isDead)
        machine.fixture.files.restart()
        let second = try await machine.boot()
        await second.maintain()
        let reason = await second.status().state.problem?.reason
        #expect(reason == (death == .afterServer ? .lostInCrash : nil))
        #expect(machine.spentTwice == [])
    }

    @Test func `who waits for a process that dies waits no longer`() async throws {
        let machine = try Machine()
        let (server, files) = (machine.server, machine.fixture.files)
        let session = try await MortalSession(on: machine.fixture) { request in
            let answer = server.answer(request)
            if request.url.path == SessionFixture.tokenPath, answer.isSuccess { files.fail("write", with: 28) }
            return answer
        }
        machine.fixture.clock.advance(4000)
        _ = try? await session.send(machine.fixture.call)
        #expect(!machine.isStoredTokenGood, "the tokens are in memory alone")
        files.kill()
        await session.drain()
    }

    @Test func `730 days with a crash a day: what the protocol lets survive survives`() async throws {
        let seed = randomSeed()
        var random = SeededGenerator(seed: seed)
        var machine = try Machine()
        var lost = 0
        var crashes = 0
        var served = 0
        var session = try await machine.boot()
        for day in 0..<730 {
            let isInRequest = Int.random(in: 0..<3, using: &random) == 0
            if isInRequest {
                let death: MortalClient.Death = Bool.random(using: &random) ? .beforeServer : .afterServer
                let countdown = Int.random(in: 0..<6, using: &random)
                session = try await machine.boot(dying: (death, atRequest: countdown))
            } else {
                machine.fixture.files.crash(afterOperations: Int.random(in: 1..<80, using: &random))
            }
            for hour in 0..<4 {
                machine.fixture.clock.advance(Double.random(in: 1800..<18_000, using: &random))
                let call = try machine.fixture.call
                await session.maintain()
                let result = await Result { () async throws(SessionError) in try await session.send(call) }
                if (try? result.get().status) == 200 { served += 1 }
                guard machine.fixture.files.isDead else { continue }
                crashes += 1
                machine.fixture.files.restart()
                let isGood = machine.isStoredTokenGood
                session = try await machine.boot()
                await session.maintain()
                let state = await session.status().state
                if isGood {
                    #expect(state == .ok, "day \(day) hour \(hour), seed \(seed)")
                } else {
                    #expect(state.name == "needs-login", "day \(day) hour \(hour), seed \(seed)")
                    lost += 1
                    try logIn(&machine)
                    await session.maintain()
                    #expect(await session.status().state == .ok, "a new login needs no restart; seed \(seed)")
                }
            }
            machine.fixture.files.crash(afterOperations: nil)
            machine.fixture.clock.advance(20_000)
        }
        #expect(machine.spentTwice == [], "seed \(seed)")
        #expect(machine.fixture.log.count("session needs a human; nothing is sent", .error) >= lost)
        #expect(crashes > 300)
        print(
            "730 days: \(crashes) crashes, \(lost) sessions lost between rotation and disk, \(served) calls served, "
                + "\(machine.server.snapshot.rotations) rotations, 0 tokens spent twice"
        )
    }

    private func logIn(_ machine: inout Machine) throws {
        let number = machine.server.logIn()
        machine.fixture.record.loginID = "login-\(number)"
        machine.fixture.record.accessToken = "access-\(number)"
        machine.fixture.record.refreshToken = "refresh-\(number)"
        machine.fixture.record.createdAt = machine.fixture.clock.dates.now()
        machine.fixture.record.refreshedAt = machine.fixture.clock.dates.now()
        machine.fixture.record.expiresAt = machine.fixture.clock.dates.now() + 3600
        machine.fixture.store()
    }
}
