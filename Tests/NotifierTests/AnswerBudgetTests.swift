import ATProtocol
import GRDB
import Network
import Sandbox
import TestSupport
import Testing

@testable import LedgerStorage
@testable import Notifier

/// What people write takes nobody's messages, and what the day's limit holds back is not what they write.
@Suite(.timeLimit(.minutes(2))) struct `The day's limit` {
    private static let usedUp = "daily limit of messages reached (sending.daily_limit)"
    private let log = LogRecorder()

    /// A world in which an owner was told of a request, and the chat's log is read each minute.
    private func told(dailyLimit: Int) async throws -> World {
        var world = try World()
        world.logger = log.logger
        world.sleeper = HurriedClock()
        world.configuration.sending.answersInterval = .seconds(60)
        world.configuration.sending.dailyLimit = dailyLimit
        try await world.run([World.batch(try World.event(1, at: world.clock))])
        return world
    }

    @Test func `is not used up by strangers who write, of whom fifty are answered and all are heeded`() async throws {
        let world = try await told(dailyLimit: 2)
        let letters = "abcdefghijklmnopqrstuvwxyz"
        let strangers = letters.flatMap { letter in ["x", "y"].map { World.did("stranger\(letter)\($0)") } }
        for stranger in strangers { world.chat.say("stop", by: stranger) }
        let other = try World.event(2, for: World.did("other"), at: world.clock)
        try await world.run([World.batch(other)]) { $0[.delivered] == 2 }
        #expect(try await world.suppressions().count == strangers.count)
        let ledger = try await world.directory.ledger()
        let count = try await ledger.database.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM message WHERE to_stranger") ?? 0
        }
        #expect(count == 50)
        // The day after there is room for others.
        world.clock.advance(86_401)
        let late = World.did("late")
        world.chat.say("stop", by: late)
        try await world.run([]) { [chat = world.chat] _ in chat.answers(to: late).count == 1 }
    }

    @Test func `lets words be heard and answered while it holds notices`() async throws {
        let world = try await told(dailyLimit: 1)
        let (chat, clock, log, other) = (world.chat, world.clock, self.log, World.did("other"))
        let speaking = Task {
            await log.wait(for: Self.usedUp)
            chat.say("stop", by: World.owner)
            clock.advance(61)
        }
        try await world.run([World.batch(try World.event(2, for: other, at: clock))]) { _ in
            chat.answers(to: World.owner).count == 1
        }
        await speaking.value
        #expect(try await world.suppressions().count == 1)
        #expect(chat.messages(to: other).isEmpty && log.count(Self.usedUp) == 1)
    }

    @Test func `leaves nobody unheard so long that one failed reading pauses the sender`() async throws {
        let world = try await told(dailyLimit: 1)
        let (chat, clock, log) = (world.chat, world.clock, self.log)
        let speaking = Task {
            await log.wait(for: Self.usedUp)
            for hour in 0..<8 {
                let readings = chat.calls.count { $0 == "getLog" }
                if hour == 7 { chat.fail("getLog", with: .answer(status: 502, body: "")) }
                clock.advance(3601)
                while chat.calls.count(where: { $0 == "getLog" }) == readings { await Task.yield() }
            }
            // When it is tried again is reckoned from when that has failed.
            await log.wait(for: "answers of owners cannot be read, so nobody's STOP is noticed")
            chat.say("stop", by: World.owner)
            clock.advance(901)
        }
        try await world.run([World.batch(try World.event(2, for: World.did("other"), at: clock))]) { _ in
            chat.answers(to: World.owner).count == 1
        }
        await speaking.value
        #expect(log.count("sending paused") == 0)
    }
}
