import ATProtocol
import Firehose
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// However much is queued for one owner, or of one author, everybody else is told in their turn.
@Suite(.timeLimit(.minutes(3))) struct `A long queue` {
    private static let crowd = 700

    /// Requests of many authors for one owner, and one of somebody else for another behind them.
    private func events(_ world: World, authors: Int) throws -> [StreamEvent] {
        let letters = Array("abcdefghijklmnopqrstuvwxyz").map(String.init)
        let flood = try (1...Self.crowd).map { number in
            let author = World.did("flood\(letters[number % authors % 26])\(letters[number % authors / 26])")
            return try World.event(number, by: author, at: world.clock)
        }
        let last = try World.event(Self.crowd + 1, by: World.did("quiet"), for: World.did("other"), at: world.clock)
        return flood + [last]
    }

    @Test(arguments: [40, 1]) func `behind a limit holds nobody else up`(authors: Int) async throws {
        var world = try World()
        world.configuration.policy.ownerHourlyLimit = 1
        world.configuration.policy.authorHourlyLimit = 1
        let other = World.did("other")
        let chat = world.chat
        try await world.run([World.batch(try events(world, authors: authors))], untilNothingIsDue: true) { counts in
            chat.messages(to: other).count == 1 && counts[.queued] == Self.crowd - 1
        }
        #expect(chat.messages(to: World.owner).count == 1)
    }

    @Test func `behind a message in doubt holds nobody else up, and goes on when the doubt is over`() async throws {
        var world = try World()
        world.configuration.sending.settle = .seconds(40)
        let other = World.did("other")
        let chat = world.chat
        chat.fail("sendMessage", with: .lostAfter)
        try await world.run([World.batch(try events(world, authors: 40))]) { counts in
            chat.messages(to: other).count == 1 && counts[.verify] == 1
        }
        world.clock.advance(41)
        try await world.run([]) { $0[.delivered] == Self.crowd + 1 }
        #expect(chat.messages(to: World.owner).count == Self.crowd)
    }
}
