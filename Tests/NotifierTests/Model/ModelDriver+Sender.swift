import ATProtocol
import Network
import TestSupport

@testable import Notifier

// What ChatSender does.
extension ModelDriver {
    private static let marker = MessageReference(key: [])

    /// The sender takes up what is due, or becomes due next, up to the open conversation.
    mutating func open(_ calling: ModelStep.Calling) async throws {
        guard let candidate = try await nextCandidate() else { return }
        if world.refusesEarly, try await refuseWhatIsExcluded(candidate) { return }
        guard policy.isSendingEnabled else {
            let event = JobMachine.Event.admitted(.refused(.shadowMode))
            _ = try await queue.apply(event, to: candidate.jobs.map(\.id), now: state.now)
            return
        }
        // No settings limit the messages to everybody.
        if let (limit, until) = candidate.heldBy {
            let (author, owner) = (candidate.head.author, candidate.owner)
            try await queue.postpone(by: limit, author: author, owner: owner, until: until, now: state.now)
            // Its turn came a moment before that of the message in front of it was over: time alone helps.
            if candidate.head.reason == limit.reason { try await open(calling) }
            return
        }
        let reference = MessageReference.reference(candidate.jobs.map { Self.marker.mark($0.uri) })
        let tells = candidate.jobs.map { $0.cid ?? "" }.joined(separator: " ")
        let message = ComposedMessage(text: "\(tells) [\(reference)]", links: [], reference: reference)
        let conversation = Conversation(
            id: "convo-\(candidate.owner)",
            lastMessage: world.conversations[candidate.owner]?.last.map { "id-\($0.rev)" }
        )
        let failure = failure(of: calling, candidate.owner)
        state.sending = .init(candidate: candidate, message: message, conversation: conversation, failure: failure)
    }

    private mutating func nextCandidate() async throws -> SendCandidate? {
        for _ in 0..<4 {
            guard try await queue.nextVerification(now: state.now) == nil else { return nil }
            _ = try await queue.wakeDue(now: state.now, agreed: state.now)
            if let candidate = try await queue.nextCandidate(world.configuration, now: state.now) {
                return candidate
            }
            guard let due = try await store.nextDue(after: state.now) else { return nil }
            state.now = due
        }
        return nil
    }

    private func refuseWhatIsExcluded(_ candidate: SendCandidate) async throws -> Bool {
        var isChanged = false
        // As AdmissionChecker does: who is not known to follow or not is asked after.
        if try await follows(candidate.owner) == nil {
            _ = try await queue.learn([(candidate.owner, world.followers.contains(candidate.owner))], now: state.now)
        }
        for job in candidate.jobs {
            let verdict = policy.admission(
                of: candidate.owner,
                to: job.uri,
                by: job.author,
                rule: job.rule,
                isShadow: job.isShadow,
                isSuppressed: try await store.ledger.suppressions.contains(candidate.owner),
                isFollower: try await follows(candidate.owner)
            )
            guard verdict != .told else { continue }
            isChanged = true
            _ = try await queue.apply(.admitted(verdict), to: [job.id], now: state.now)
        }
        return isChanged
    }

    private func follows(_ owner: DID) async throws -> Bool? {
        try await store.ledger.recipients.follows(owner, in: .distantPast ... .distantFuture)
    }

    private func failure(of calling: ModelStep.Calling, _ owner: DID) -> CallError? {
        switch calling {
        case .answered:
            if world.blockers.contains(owner) { return ModelFailure.blocked }
            if world.silent.contains(owner) { return ModelFailure.silenced }
            return world.followers.contains(owner) ? nil : ModelFailure.notFollowed
        case .limited: return ModelFailure.limited
        case .serverError: return ModelFailure.serverError
        case .unreachable: return ModelFailure.unreachable
        case .recipientNotFound: return ModelFailure.noRecipient
        case .loginRequired: return ModelFailure.noLogin
        }
    }

    /// The sender writes down what it has prepared, and sends it.
    mutating func send(_ sending: ModelStep.Sending) async throws {
        guard let prepared = state.sending else { return }
        state.sending = nil
        if let failure = prepared.failure, let first = prepared.candidate.jobs.first {
            let verdict = try await queue.escalated(
                classify(.openConversation, failure),
                request: first.request,
                owner: first.owner
            )
            if verdict.isRefusal {
                try await queue.countOpening(for: prepared.candidate.head.author, now: state.now)
            }
            let note = Attempt(.openConversation, failure, verdict)
            _ = try await queue.apply(.failed(verdict), to: prepared.candidate.jobs.map(\.id), note, now: state.now)
            return
        }
        let (message, _) = try await queue.begin(
            prepared.message,
            for: prepared.candidate,
            in: prepared.conversation,
            maximumSends: 2,
            policy: policy,
            now: state.now
        )
        guard let message else { return }
        if let (column, window) = world.limit,
            try await store.sent(like: message.id, column, within: window, now: state.now) > 1
        {
            faults.append("a message leaves above the limit: \(message.owner)")
        }
        try await leave(message, sending)
    }

    private mutating func leave(_ message: Message, _ sending: ModelStep.Sending) async throws {
        let tells = (message.input["text"]?.string ?? "").split(separator: " ").map(String.init).filter {
            $0.hasPrefix("r")
        }
        if sending == .killedBeforeStoring { return try await restart() }
        faults += world.faults(of: tells, to: message.owner, suppressed: try await suppressed())
        if world.configuration.policy.recipients == .followers, try await follows(message.owner) != true {
            faults.append("\(message.owner) does not follow, and is told: \(tells)")
        }
        let refusal = failure(of: .answered, message.owner)
        if refusal == nil, [.arrives, .lostAfterStoring, .killedAfterStoring].contains(sending) {
            faults += state.world.store(message.reference, tells, for: message.owner)
        }
        switch sending {
        case .killedBeforeStoring, .killedAfterStoring: try await restart()
        case .limited: try await fail(message, ModelFailure.limited)
        case .serverError: try await fail(message, ModelFailure.serverError)
        case .lostBeforeStoring, .lostAfterStoring: try await fail(message, ModelFailure.lost)
        case .arrives:
            if let refusal { return try await fail(message, refusal) }
            let note = Attempt(.sendMessage, outcome: "delivered")
            let sent = SentMessage(
                id: "id-\(ModelWorld.rev(world.revision))",
                rev: ModelWorld.rev(world.revision)
            )
            _ = try await queue.apply(.accepted, to: message.id, note, sent: sent, now: state.now)
        }
    }

    private func fail(_ message: Message, _ failure: CallError) async throws {
        let verdict = try await refine(message, classify(.sendMessage, failure))
        let wait = verdict.action == .verify ? queue.timetable.settle : 0
        let note = Attempt(.sendMessage, failure, verdict)
        _ = try await queue.apply(.failed(verdict), to: message.id, note, wait: wait, now: state.now)
    }

    private func refine(_ message: Message, _ verdict: Verdict) async throws -> Verdict {
        guard let request = message.members.first?.request else { return verdict }
        return try await queue.escalated(verdict, request: request, owner: message.owner)
    }

    /// The sender reads the conversation of the message in doubt that is due next.
    mutating func verify(
        _ calling: ModelStep.Calling,
        resendIn wait: Duration,
        _ sending: ModelStep.Sending
    ) async throws {
        var next = try await queue.nextVerification(now: state.now)
        if next == nil, let due = try await store.nextDoubt() {
            state.now = max(state.now, due)
            next = try await queue.nextVerification(now: state.now)
        }
        guard let message = next else { return }
        if let failure = readFailure(calling, message.owner) {
            let verdict = try await refine(message, classify(.readMessages, failure))
            let note = Attempt(.readMessages, failure, verdict)
            _ = try await queue.apply(.failed(verdict), to: message.id, note, wait: 10, now: state.now)
            return
        }
        let scan = scan(message)
        let listed = MessageReference.marks(in: "[\(message.reference)]")
        if listed.allSatisfy({ scan.message(telling: $0) != nil }),
            let sent = listed.first.flatMap(scan.message(telling:))
        {
            let note = Attempt(.readMessages, outcome: "found")
            _ = try await queue.apply(.found, to: message.id, note, sent: sent, now: state.now)
            return
        }
        // As AdmissionChecker does before a message is sent again.
        if world.configuration.policy.recipients == .followers {
            let answer = (message.owner, world.followers.contains(message.owner))
            _ = try await queue.learn([answer], now: state.now)
        }
        let told = message.members.filter { scan.message(telling: Self.marker.mark($0.uri)) != nil }.map(\.job)
        let applied = try await queue.absent(message.id, told: told, policy: policy, resendIn: wait, now: state.now)
        guard applied.actions.contains(.send), let again = try await queue.message(message.id, now: state.now) else {
            return
        }
        // It was asked a moment ago.
        if world.configuration.policy.recipients == .followers, !world.followers.contains(message.owner) {
            faults.append("\(message.owner) has gone away, and is told again")
        }
        try await leave(again, sending)
    }

    private func readFailure(_ calling: ModelStep.Calling, _ owner: DID) -> CallError? {
        guard calling == .answered else { return failure(of: calling, owner) }
        if world.blockers.contains(owner) { return ModelFailure.blocked }
        return world.unreadable.contains(owner) ? ModelFailure.locked : nil
    }

    private func scan(_ message: Message) -> ConversationScan {
        var scan = ConversationScan(
            sender: ModelWorld.sender,
            owner: message.owner,
            end: .init(baseline: message.baseline)
        )
        let messages = (world.conversations[message.owner] ?? []).reversed().compactMap { stored in
            ConversationMessage([
                "id": .string("id-\(stored.rev)"), "rev": .string(stored.rev),
                "sender": ["did": .string(ModelWorld.sender.text)], "text": .string("[\(stored.reference)]"),
            ])
        }
        scan.read(MessagePage(messages: messages, cursor: nil))
        return scan
    }
}
