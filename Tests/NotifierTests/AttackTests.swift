import ATProtocol
import Firehose
import Logging
import Network
import Synchronization
import TestSupport
import Testing

@testable import Notifier

@Suite(.timeLimit(.minutes(3))) struct `An author who aims at many` {
    @Test(arguments: [DigestConfiguration().maximumListed, 1])
    func `5000 requests at 50 victims in a minute reach nobody beyond the limits, and delay nobody else`(
        maximumListed: Int
    ) async throws {
        var world = try World()
        world.configuration.digest.maximumListed = maximumListed
        let log = LogRecorder()
        world.logger = log.logger
        let policy = PolicyConfiguration()
        world.configuration.policy.authorBurst = policy.authorBurst
        world.configuration.policy.authorHourlyLimit = policy.authorHourlyLimit
        world.configuration.policy.ownerHourlyLimit = policy.ownerHourlyLimit
        world.configuration.policy.ownerDailyLimit = policy.ownerDailyLimit
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz")
        let victims = (0..<50).map { World.did("victim\(alphabet[$0 / 26])\(alphabet[$0 % 26])") }
        let attacker = World.did("attacker")
        var batches: [Firehose.StreamBatch] = []
        for start in stride(from: 0, to: 5000, by: 500) {
            let events = try (start..<(start + 500)).map { number in
                try World.event(number + 1, by: attacker, for: victims[number % 50], at: world.clock)
            }
            batches.append(World.batch(events))
        }
        // Others write in the middle of it.
        let honest = try (0..<5).map {
            try World.event(6000 + $0, by: World.author, for: World.did("friend\(alphabet[$0])"), at: world.clock)
        }
        batches.insert(World.batch(honest), at: 5)
        let chat = world.chat
        try await world.run(batches) { counts in counts[.delivered, default: 0] >= 5 && World.isAtRest(counts) }
        for victim in victims { #expect(chat.messages(to: victim).count <= policy.ownerHourlyLimit) }
        let attacks = victims.reduce(0) { $0 + chat.messages(to: $1).count }
        #expect(attacks <= policy.authorHourlyLimit)
        for letter in 0..<5 { #expect(chat.messages(to: World.did("friend\(alphabet[letter])")).count == 1) }
        let dropped = try await world.jobs().filter { $0.reason == .authorBurst }.count
        #expect(dropped + attacks >= 1000 - 5)
        #expect(log.lines.count { $0.level >= .info } < 500, "the log is not readable")
    }

    @Test func `an owner's limit lets the rest wait, and an hour later it goes on`() async throws {
        var world = try World()
        world.configuration.policy.ownerHourlyLimit = 2
        let events = try (1...5).map { try World.event($0, at: world.clock) }
        try await world.run([World.batch(events)]) { $0[.delivered] == 2 && $0[.queued] == 3 }
        #expect(world.chat.messages.count == 2)
        world.clock.advance(3601)
        try await world.run([]) { $0[.delivered] == 4 && $0[.queued] == 1 }
        #expect(world.chat.messages.count == 4)
    }

    @Test func `a flood under the burst limit takes turns with others`() async throws {
        var world = try World()
        world.configuration.policy.authorHourlyLimit = 1_000_000
        let flood = try (1...200).map { try World.event($0, by: World.did("flood"), at: world.clock) }
        let other = try World.event(500, by: World.author, for: World.did("friend"), at: world.clock)
        let chat = world.chat
        try await world.run([World.batch(flood + [other])])
        let place = try #require(chat.messages.firstIndex { $0.owner == World.did("friend") })
        #expect(place < 20)
    }

    @Test func `a burst is judged by the times of the records, and a replay is not counted twice`() throws {
        var policy = PolicyConfiguration()
        policy.authorBurst = 3
        policy.burstWindow = .seconds(10)
        policy.burstPause = .seconds(100)
        var breaker = BurstBreaker(policy)
        let key = try (0..<9).map { try RecordKey("k\($0)") }
        #expect(breaker.judge(World.author, key[0], at: 0) == .passes)
        #expect(breaker.judge(World.author, key[0], at: 0) == .passes)
        #expect(breaker.judge(World.author, key[1], at: 1) == .passes)
        #expect(breaker.judge(World.author, key[2], at: 11.5) == .passes)
        #expect(breaker.judge(World.author, key[3], at: 12) == .passes)
        #expect(breaker.judge(World.author, key[4], at: 13) == .trips(Burst(number: 3, at: 13)))
        #expect(breaker.judge(World.author, key[5], at: 14) == .blocked)
        #expect(breaker.judge(World.owner, key[6], at: 14) == .passes)
        #expect(breaker.judge(World.author, key[7], at: 114) == .passes)
    }

    @Test func `an author who is blocked for a burst stays so over restarts, until the limit is raised`() async throws {
        var world = try World()
        world.configuration.policy.authorBurst = 3
        world.configuration.policy.maximumAge = .seconds(30 * 86_400)
        try await world.run([World.batch(try (1...3).map { try World.event($0, at: world.clock) })])
        world.clock.advance(3600)
        try await world.run([World.batch(try World.event(4, at: world.clock))])
        #expect(try await world.jobs().map(\.reason) == Array(repeating: .authorBurst, count: 4))
        world.configuration.policy.authorBurst = 4
        try await world.run([World.batch(try World.event(5, at: world.clock))]) { $0[.delivered] == 1 }
        world.configuration.policy.authorBurst = 3
        world.clock.advance(86_400)
        try await world.run([World.batch(try World.event(6, at: world.clock))]) { $0[.delivered] == 2 }
        #expect(world.chat.messages.count == 2)
    }
}
