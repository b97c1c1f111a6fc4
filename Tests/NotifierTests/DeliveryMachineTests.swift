import Testing

@testable import Notifier

/// The chat service as the machine meets it, reduced to what can be told apart.
private struct ModelWorld: Hashable {
    /// What happens next.
    enum Step: CaseIterable {
        case replyLostAfterStoring
        case replyLostBeforeStoring
        case limited
        case serverError
        case succeeds
        case killedBeforeStoring
        case killedAfterStoring
        case ownerBlocks
        case ownerFollows
        case ownerStopsFollowing
        case deleted
        case updated
    }

    var machine = DeliveryMachine(maximumSends: 2)
    var pending: DeliveryMachine.Action? = .openConversation
    var stored = 0
    var sends = 0
    var isBlocked = false
    var follows = true
    var wasScannedSinceSend = true

    private static let lost = Verdict(2, .verify, .outcomeUnknown)
    private static let limit = Verdict(15, .retry, .chatRateLimited, .holdSender(.chat))
    private static let failure = Verdict(17, .retry, .serverError)
    private static let failedSend = Verdict(17, .verify, .outcomeUnknown)
    private static let blocked = Verdict(20, .drop, .ownerBlocked, .suppressOwner)
    private static let notFollowed = Verdict(18, .defer, .ownerDoesNotFollow)

    mutating func take(_ step: Step) {
        switch step {
        case .ownerBlocks: isBlocked = true
        case .ownerFollows:
            follows = true
            perform(machine.handle(.ownerChanged))
        case .ownerStopsFollowing: follows = false
        case .deleted, .updated:
            perform(machine.handle(.withdrawn(step == .deleted ? .recordDeleted : .recordReplaced)))
        case .killedBeforeStoring, .killedAfterStoring:
            if pending == .send, step == .killedAfterStoring, !isBlocked { store() }
            perform(machine.handle(.restarted))
        default: call(step)
        }
    }

    /// The world behaves, until nothing happens any more.
    mutating func settle() {
        for _ in 0..<20 where pending != nil { take(.succeeds) }
    }

    private mutating func call(_ step: Step) {
        guard let action = pending else { return }
        pending = nil
        switch action {
        case .openConversation: perform(machine.handle(openConversation(step)))
        case .send: perform(machine.handle(send(step)))
        case .scan, .scanLater: perform(machine.handle(scan(step)))
        case .lookUp, .pauseSender, .suppressOwner: pending = .openConversation
        }
    }

    private func openConversation(_ step: Step) -> DeliveryMachine.Event {
        switch step {
        case .limited: .failed(.openConversation, Self.limit)
        case .succeeds where isBlocked: .failed(.openConversation, Self.blocked)
        case .succeeds where !follows: .failed(.openConversation, Self.notFollowed)
        case .succeeds: .conversationOpened
        default: .failed(.openConversation, Self.failure)
        }
    }

    private mutating func send(_ step: Step) -> DeliveryMachine.Event {
        // Invariant 3: never a second time before the conversation was read.
        #expect(wasScannedSinceSend)
        wasScannedSinceSend = false
        sends += 1
        if step == .limited { return .failed(.sendMessage, Self.limit) }
        if step == .replyLostBeforeStoring { return .failed(.sendMessage, Self.lost) }
        if step == .serverError { return .failed(.sendMessage, Self.failedSend) }
        if isBlocked { return .failed(.sendMessage, Self.blocked) }
        store()
        return step == .replyLostAfterStoring ? .failed(.sendMessage, Self.lost) : .accepted
    }

    private mutating func scan(_ step: Step) -> DeliveryMachine.Event {
        guard step == .succeeds else { return .failed(.readMessages, Self.failure) }
        wasScannedSinceSend = true
        return .scanned(isPresent: stored > 0)
    }

    private mutating func store() { stored += 1 }

    private mutating func perform(_ actions: [DeliveryMachine.Action]) {
        // A refusal proves that nothing was stored, as good as a scan.
        if machine.state == .queued || machine.state == .deferred { wasScannedSinceSend = true }
        if let next = actions.first(where: { $0 != .suppressOwner && $0 != .pauseSender }) {
            pending = next
        } else if !actions.isEmpty || machine.state.isFinal || machine.state == .deferred {
            pending = nil
        }
    }
}

@Suite struct `The delivery machine` {
    @Test func `every interleaving to depth 6 stores at most one message, and never none without a reason`() {
        var worlds: Set<ModelWorld> = [ModelWorld()]
        var count = 0
        for _ in 0..<6 {
            var next: Set<ModelWorld> = []
            for world in worlds {
                for step in ModelWorld.Step.allCases {
                    var after = world
                    after.take(step)
                    next.insert(after)
                    count += 1
                }
            }
            for world in next { check(world) }
            worlds = next
        }
        // The 12 steps to the power of 6 are 2 985 984 histories; equal worlds have equal futures and are walked once.
        #expect(count > 1000)
    }

    private func check(_ world: ModelWorld) {
        var end = world
        end.settle()
        #expect(end.stored <= 1)
        #expect(end.pending == nil, "still something to do: \(end)")
        switch end.machine.state {
        case .delivered: #expect(end.stored == 1)
        case .dropped, .deferred, .uncertain: #expect(end.machine.reason != nil)
        case .lookup, .queued, .sending, .verify: Issue.record("does not come to rest: \(end)")
        }
        if end.stored == 0 { #expect(end.machine.reason != nil) }
        #expect(end.machine.sends <= 2)
    }

    @Test func `an operator's retry of an uncertain message reads the conversation first`() {
        var machine = DeliveryMachine(state: .uncertain, reason: .sendsExhausted, sends: 2, maximumSends: 2)
        #expect(machine.handle(.retried) == [.scan])
        #expect(machine.state == .verify)
        #expect(machine.handle(.scanned(isPresent: false)) == [.send])
        #expect(machine.sends == 3)
    }

    @Test func `a finished message stays as it is, whatever happens`() {
        let events: [DeliveryMachine.Event] = [
            .conversationOpened, .accepted, .restarted, .withdrawn(.recordDeleted), .ownerChanged, .waitExpired,
            .retried,
            .scanned(isPresent: false), .failed(.sendMessage, Verdict(2, .verify, .outcomeUnknown)),
        ]
        for event in events {
            var machine = DeliveryMachine(state: .delivered, sends: 1)
            #expect(machine.handle(event).isEmpty)
            #expect(machine.state == .delivered)
        }
    }

    @Test func `a message under way when the process ended is in doubt`() {
        var machine = DeliveryMachine(state: .sending, sends: 1)
        #expect(machine.handle(.restarted) == [.scan])
        #expect(machine.state == .verify)
    }
}
