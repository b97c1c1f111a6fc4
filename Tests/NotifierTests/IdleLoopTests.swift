import ATProtocol
import Network
import TestSupport
import Testing

@testable import Notifier

/// What waits costs a loop nothing: it sleeps until something is due, a minute at the longest.
@Suite struct `Loops while everything waits` {
    private let room: WaitingRoom
    private let context: DeliveryContext
    private let chat = ScriptedChat(account: World.sender)
    private let marker = MessageReference(key: [])

    init() async throws {
        room = try await WaitingRoom()
        var configuration = room.configuration
        configuration.mentions.owners = [WaitingRoom.owner(1)]
        configuration.mentions.interval = .seconds(86_400)
        context = DeliveryContext.silent(configuration, http: room.appView, wallClock: room.clock)
    }

    private var sender: ChatSender {
        ChatSender(
            context,
            ledger: room.ledger,
            chat: ChatClient(session: chat, proxy: context.configuration.sending.proxy),
            checker: room.checker,
            marker: marker
        )
    }

    /// Two requests of an owner, with the message about one in doubt and to be looked for in an hour.
    private func doubt(about owner: DID) async throws {
        room.appView.change { $0.followers = [owner] }
        try await room.checker.ask(about: [owner])
        try await room.add([owner, owner], waitingFor: nil)
        let now = room.clock.now()
        let candidate = try #require(try await room.queue.nextCandidate(context.configuration, now: now))
        let (message, _) = try await room.queue.begin(
            ComposedMessage(text: "words", links: [], reference: "ref-x"),
            for: candidate,
            in: Conversation(id: "c", lastMessage: nil),
            maximumSends: 2,
            policy: context.policy,
            now: now
        )
        let verdict = Verdict(1, .verify, .outcomeUnknown)
        _ = try await room.queue.apply(
            .failed(verdict),
            to: try #require(message).id,
            wait: .seconds(3600),
            now: now
        )
    }

    /// How many steps a loop takes while an hour passes.
    private func steps(_ step: () async throws -> Duration) async throws -> Int {
        let end = room.clock.now() + .seconds(3600)
        var number = 0
        while room.clock.now() < end, number < 10_000 {
            number += 1
            let wait = try await step()
            guard wait > .zero else { continue }
            room.clock.advance(min(max(wait, WorkLoop.shortestSleep), WorkLoop.longestSleep))
        }
        return number
    }

    @Test func `the sender sleeps until a doubt about an owner with other requests is to be settled`() async throws {
        let owner = WaitingRoom.owner(0)
        try await doubt(about: owner)
        #expect(try await sender.step() == .seconds(3600))
        // Whoever asks for the next in between, when the doubt lasts, finds that owner's in no hurry.
        room.clock.advance(.seconds(3600))
        let now = room.clock.now()
        #expect(try await room.queue.nextCandidate(context.configuration, now: now) == nil)
        #expect(try await room.jobs(in: .queued).map(\.dueAt) == [now + .seconds(1)])
    }

    @Test func `no loop takes more than a few steps a minute`() async throws {
        try await doubt(about: WaitingRoom.owner(0))
        let now = room.clock.now()
        // Of one of two who agreed to be mentioned it was just done.
        try await room.add([WaitingRoom.owner(1), WaitingRoom.owner(1)])
        let next = try await room.queue.nextMention(context.configuration.mentions, policy: context.policy, now: now)
        guard case .post(let job) = next else {
            Issue.record("nobody is mentioned")
            return
        }
        let note = Attempt(.postMention, outcome: JobState.delivered.rawValue)
        _ = try await room.queue.apply(.posted, to: [job.id], note, now: now)
        try await room.add([WaitingRoom.owner(2)])
        try await room.add([WaitingRoom.owner(3)], waitingFor: .ownerDisabledMessages)
        let limited = try await room.add([WaitingRoom.owner(4)], waitingFor: nil)
        _ = try await room.queue.apply(.postponed(.ownerLimit), to: limited, wait: .seconds(86_400), now: now)

        let sender = self.sender
        let mentions = MentionPoster(context, ledger: room.ledger, session: chat, marker: marker) { _ in nil }
        let housekeeper = Housekeeper(context, ledger: room.ledger)
        let taken = [
            try await steps { try await sender.step() }, try await steps { try await room.keeper.step() },
            try await steps { try await mentions.step() }, try await steps { try await housekeeper.step() },
        ]
        #expect(taken.allSatisfy { $0 <= 100 }, "\(taken)")
        #expect(chat.messages.isEmpty)
    }
}
