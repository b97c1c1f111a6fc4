import ATProtocol
import Foundation
import Logging
import Network
import Sandbox
import TestSupport
import Testing

@testable import OAuth

/// Invariant 13 under everything that servers, directory, clock and disk do to a session, and a crash a day beside it.
@Suite struct `A season of bad weather` {
    /// A session's life in a weathered world.
    private struct Life {
        var machine: Crashes.Machine
        let world: WeatheredWorld
        let clock: WrongClock
        var random: SeededGenerator
        var session: MortalSession
        let seed: UInt64
        var crashes = 0
        var events = 0
        var served = 0
        var mayMoveAt: Double = 0
        var lost: [String: Int] = [:]
        var unproven = 0

        init(seed: UInt64) async throws {
            self.seed = seed
            random = SeededGenerator(seed: seed)
            machine = try Crashes.Machine()
            world = WeatheredWorld(machine.server, machine.fixture.identities, seed: seed)
            clock = WrongClock(machine.fixture.clock)
            machine.fixture.environment.clock = clock
            session = try await machine.boot(in: world)
        }

        mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
    }

    @Test func `costs a session only where the server really deleted it`() async throws {
        let days = ProcessInfo.processInfo.environment["IMPACT_NOTIFIER_SEASON_DAYS"].flatMap(Int.init) ?? 73
        let seed = randomSeed()
        var life = try await Life(seed: seed)
        for day in 0..<days { try await live(&life, day) }
        // The sky clears: what is not lost by then is well within the longest wait.
        life.world.clear()
        life.clock.isWrong(by: 0)
        clearDisk(life)
        for _ in 0..<30 { try await step(&life, "at the end", seconds: 900) }
        #expect(await life.session.status().state == .ok, "seed \(seed)")
        #expect(life.machine.spentTwice == [], "seed \(seed)")
        #expect(life.served > days)
        #expect(life.events >= 20 * days)
        let lost = life.lost.sorted { $0.key < $1.key }.map { "\($0.value) by \($0.key)" }.joined(separator: ", ")
        print(
            """
            a season of \(days) days: \(life.events) events of weather, \(life.crashes) crashes, \(life.served) calls served, \
            \(life.machine.server.snapshot.rotations) rotations; sessions that the server deleted: \(lost); \
            \(life.unproven) of them without a proof that it gave
            """
        )
    }

    /// One day: at least twenty events, a crash, and a look at the session every quarter of an hour.
    private func live(_ life: inout Life, _ day: Int) async throws {
        var planned: [Int: [BadWeather]] = [:]
        for _ in 0..<Int.random(in: 20...30, using: &life.random) {
            planned[Int.random(in: 0..<96, using: &life.random), default: []].append(.random(using: &life.random))
        }
        let crashAt = Int.random(in: 0..<96, using: &life.random)
        for quarter in 0..<96 {
            if quarter == crashAt {
                if life.chance(2) {
                    let death: MortalClient.Death = life.chance(2) ? .beforeServer : .afterServer
                    life.session = try await life.machine.boot(
                        in: life.world,
                        dying: (death, Int.random(in: 0..<8, using: &life.random))
                    )
                } else {
                    life.machine.fixture.files.crash(
                        afterOperations: Int.random(in: 1..<120, using: &life.random)
                    )
                }
            }
            try await step(
                &life,
                "day \(day), quarter \(quarter)",
                seconds: Double.random(in: 600..<1200, using: &life.random),
                planned[quarter] ?? []
            )
        }
        life.machine.fixture.files.crash(afterOperations: nil)
    }

    private func begin(_ weather: BadWeather, _ life: inout Life, isDoubted: Bool) {
        let now = life.machine.fixture.clock.now.offset / .seconds(1)
        let isMove = weather == .otherIssuer || weather == .otherPDS
        // What is said for a day without a contradiction is believed: that would be no weather. While the directory is down
        // there is no contradiction.
        if isMove, isDoubted || now < life.mayMoveAt { return }
        life.events += 1
        // Many short ones, some that last.
        let length = pow(Double.random(in: 0..<1, using: &life.random), 4)
        let seconds = max(1, weather.longest * length)
        if isMove { life.mayMoveAt = now + seconds + 3 * 3600 }
        life.world.begin(weather, for: seconds)
        if weather == .wrongClock { life.clock.isWrong(by: Double.random(in: -30...30, using: &life.random) * 86_400) }
        if weather == .fullDisk { life.machine.fixture.files.fail("reserve", with: 28) }
    }

    /// Whether the session has heard of a move, and not been told otherwise since, or has not stored that it was.
    private func isMoveDoubted(_ life: Life) async -> Bool {
        await life.session.home != AccountHome() || life.machine.fixture.stored?.setbacks[.home] != nil
    }

    private func clearDisk(_ life: Life) { life.machine.fixture.files.fail("reserve", with: nil) }

    /// A quarter of an hour: the session looks after itself, and now and then a message goes.
    private func step(
        _ life: inout Life,
        _ moment: String,
        seconds: Double,
        _ planned: [BadWeather] = []
    ) async throws {
        life.machine.fixture.clock.advance(seconds)
        let isDoubted = await isMoveDoubted(life)
        for weather in planned { begin(weather, &life, isDoubted: isDoubted) }
        if !life.world.reigns(.wrongClock) { life.clock.isWrong(by: 0) }
        if !life.world.reigns(.fullDisk) { clearDisk(life) }
        life.world.settleDirectory()
        await life.session.maintain()
        if life.chance(3), let call = try? life.machine.fixture.call {
            let session = life.session
            let result = await Result { () async throws(SessionError) in try await session.send(call) }
            if (try? result.get())?.status == 200 { life.served += 1 }
        }
        if life.machine.fixture.files.isDead {
            life.crashes += 1
            life.machine.fixture.files.restart()
            life.session = try await life.machine.boot(in: life.world)
        }
        try await examine(&life, moment)
    }

    /// Nothing but a deletion by the server is an end; and a deletion is alarmed, and named where it was proven.
    private func examine(_ life: inout Life, _ moment: String) async throws {
        let state = await life.session.status().state
        let server = life.machine.server.snapshot
        let context = Comment(rawValue: "\(moment), seed \(life.seed): \(state)")
        guard let cause = server.cause ?? (isUnreachable(life, server) ? "an answer that never came" : nil) else {
            #expect(state.name != "needs-login", context)
            return
        }
        // Ours to avoid would be a token whose successor we hold.
        #expect(life.machine.spentTwice == [], context)
        // The operator logs in once they are told: at the latest when the last access token has ended.
        let isAlarmed = await !life.session.status().canSendNow
        guard isAlarmed else { return }
        if state.name == "needs-login" { #expect(state.isProven, context) } else { life.unproven += 1 }
        life.lost[
            cause.contains("shown again") ? "an answer that never came, and its token shown again" : cause,
            default: 0
        ] += 1
        await life.session.drain()
        guard !life.machine.fixture.files.isDead else { return }
        try logIn(&life)
    }

    /// Whether the server rotated to a token that nobody received: at a server that never proves it, this is the end.
    private func isUnreachable(_ life: Life, _ server: RotatingServer.State) -> Bool {
        server.personality == .cocoon && life.machine.fixture.stored?.refreshToken != "refresh-\(server.current)"
    }

    private func logIn(_ life: inout Life) throws {
        let personality = WeatheredWorld.Personality.allCases.randomElement(using: &life.random) ?? .reference
        let number = life.machine.server.logIn(at: personality)
        let now = life.clock.now()
        life.machine.fixture.record.loginID = "login-\(number)"
        life.machine.fixture.record.accessToken = "access-\(number)"
        life.machine.fixture.record.refreshToken = "refresh-\(number)"
        life.machine.fixture.record.createdAt = now
        life.machine.fixture.record.refreshedAt = now
        life.machine.fixture.record.expiresAt = now + 3600
        life.machine.fixture.store()
    }
}

extension Crashes.Machine {
    /// Starts a process in a weathered world.
    func boot(
        in world: WeatheredWorld,
        dying death: (MortalClient.Death, atRequest: Int)? = nil
    ) async throws -> MortalSession {
        try await MortalSession(on: fixture, dying: death) { request throws(HTTPError) in try world.answer(request) }
    }
}
