internal import ATProtocol
internal import Logging
internal import Network

extension ChatSender {
    /// Writes to an owner; whether a message was written down.
    func take(_ turn: SendingTurn) async throws(LedgerError) -> Bool {
        guard let first = turn.jobs.first else { return false }
        if try await isHeldBack(turn) { return false }
        // One request that cannot be told of must not take the others of its digest with it.
        for job in turn.jobs where !composer.knows(rule: job.rule) {
            try await refuse([job], Refusal(.ruleRemoved, job.rule))
        }
        guard turn.jobs.allSatisfy({ composer.knows(rule: $0.rule) }) else { return false }
        let message: ComposedMessage
        do {
            message = try composer.compose(turn.jobs.compactMap(\.changeRequest), marker: marker.mark(first.uri))
        } catch {
            try await refuse(turn.jobs, error)
            return false
        }
        var machine = DeliveryMachine(
            state: .queued,
            sends: turn.earlierSends,
            maximumSends: configuration.sending.maximumSends
        )
        let conversation: Conversation
        do { conversation = try await chat.conversation(with: turn.owner) } catch {
            try await giveBack(turn.jobs, machine, .openConversation, error)
            return false
        }
        gate.succeeded(.openConversation)
        let actions = machine.handle(.conversationOpened)
        let now = wallClock.now()
        guard
            actions == [.send],
            let delivery = try await ledger.begin(
                message,
                to: turn.owner,
                by: turn.head.author,
                in: conversation,
                jobs: turn.jobs,
                machine: machine,
                now: now
            )
        else { return false }
        try await send(delivery)
        return true
    }

    /// Sends a message that is on disk as `sending`, and stores what came of it.
    func send(_ delivery: Delivery) async throws(LedgerError) {
        var delivery = delivery
        do {
            let sent = try await chat.send(delivery.message, to: delivery.conversation)
            gate.succeeded(.sendMessage)
            _ = delivery.machine.handle(.accepted)
            try await settle(delivery, sent: sent, note: AttemptNote(.sendMessage, outcome: "delivered"))
        } catch let failure as CallFailure {
            try await sendFailed(delivery, failure)
        } catch let failure as LedgerError {
            throw failure
        } catch {
            throw LedgerError(error, path: ledger.path)
        }
    }

    private func sendFailed(_ delivery: Delivery, _ failure: CallFailure) async throws(LedgerError) {
        var delivery = delivery
        let verdict = try await refine(judge(.sendMessage, failure), failure, jobs: delivery.members.map(\.id))
        let actions = delivery.machine.handle(.failed(.sendMessage, verdict))
        let dueAt = due(after: verdict, attempts: delivery.attempts, isDoubt: actions.contains(.scan))
        try await settle(delivery, after: failure, in: .sendMessage, verdict, actions, dueAt: dueAt)
    }

    /// Stores where a failure has left a message, then what it means for the owner.
    func settle(
        _ delivery: Delivery,
        after failure: CallFailure,
        in phase: CallPhase,
        _ verdict: Verdict,
        _ actions: [DeliveryMachine.Action],
        dueAt: Double
    ) async throws(LedgerError) {
        let note = AttemptNote(phase, failure, verdict, nextAt: dueAt)
        try await settle(delivery, dueAt: dueAt, note: note, detail: failure)
        if actions.contains(.suppressOwner) {
            try await suppress(delivery.owner, verdict.reason, besides: delivery.members.map(\.uri))
        }
    }

    /// Stores where a message stands and says so once for every request that it speaks of.
    func settle(
        _ delivery: Delivery,
        sent: SentMessage? = nil,
        dueAt: Double = 0,
        note: AttemptNote,
        detail: CallFailure? = nil
    ) async throws(LedgerError) {
        let now = wallClock.now()
        try await ledger.settle(
            delivery,
            sent: sent,
            dueAt: dueAt,
            waitUntil: waitUntil(delivery.machine.state, now: now),
            note: note,
            now: now
        )
        let state = delivery.machine.state
        let reason = delivery.machine.reason
        for member in delivery.members {
            reporter.report(
                Outcome(
                    uri: member.uri,
                    owner: delivery.owner,
                    rule: member.rule,
                    state: state,
                    reason: reason,
                    detail: detail?.description,
                    latency: now - member.seenAt,
                    nextIn: state.isFinal ? nil : max(0, dueAt - now)
                )
            )
        }
    }

    /// Stores that nothing was sent for these jobs.
    private func giveBack(
        _ jobs: [Job],
        _ machine: DeliveryMachine,
        _ phase: CallPhase,
        _ failure: CallFailure
    ) async throws(LedgerError) {
        guard let first = jobs.first, let owner = first.owner else { return }
        var machine = machine
        let verdict = try await refine(judge(phase, failure), failure, jobs: jobs.map(\.id))
        let actions = machine.handle(.failed(phase, verdict))
        let now = wallClock.now()
        let dueAt = due(after: verdict, attempts: first.attempts, isDoubt: false)
        try await ledger.giveBack(
            jobs,
            machine: machine,
            dueAt: dueAt,
            waitUntil: waitUntil(machine.state, now: now),
            note: AttemptNote(phase, failure, verdict, nextAt: machine.state.isFinal ? nil : dueAt),
            now: now
        )
        for job in jobs { reporter.report(Outcome(job, machine, detail: failure.description, nextIn: dueAt - now)) }
        if actions.contains(.suppressOwner) { try await suppress(owner, verdict.reason, besides: jobs.map(\.uri)) }
    }

    /// Drops jobs that no message can be made of.
    private func refuse(_ jobs: [Job], _ refusal: Refusal) async throws(LedgerError) {
        var machine = DeliveryMachine()
        _ = machine.handle(.withdrawn(refusal.reason))
        let now = wallClock.now()
        var note = AttemptNote(.input, outcome: Verdict.Action.drop.rawValue)
        note.reason = refusal.reason
        note.detail = refusal.detail
        try await ledger.giveBack(jobs, machine: machine, dueAt: now, waitUntil: nil, note: note, now: now)
        for job in jobs { reporter.report(Outcome(job, machine, detail: refusal.detail, nextIn: nil)) }
    }

    /// Whether a limit or a list stands against this turn; what it means is stored.
    private func isHeldBack(_ turn: SendingTurn) async throws(LedgerError) -> Bool {
        let head = turn.head
        let now = wallClock.now()
        let limits = turn.limits
        if limits.isOwnerSuppressed {
            try await refuse(turn.jobs, Refusal(.ownerSuppressed, turn.owner.text))
        } else if let until = limits.dayFreeAt, until > now {
            gate.hold(until: until, .globalLimit)
            logger.warning("the messages of this day are used up", metadata: ["next_s": "\(Int(until - now))"])
        } else if let until = [limits.ownerDayFreeAt, limits.ownerHourFreeAt].compactMap(\.self).max(), until > now {
            try await ledger.postpone(owner: turn.owner, until: until, reason: .ownerLimit, now: now)
            reporter.held(head, .ownerLimit, for: until - now)
        } else if let until = limits.authorFreeAt, until > now {
            try await ledger.postpone(author: head.author, until: until, reason: .authorLimit, now: now)
            reporter.held(head, .authorLimit, for: until - now)
        } else if let until = limits.digestFreeAt, until > now {
            try await ledger.postpone(owner: turn.owner, until: until, reason: .digestWindow, now: now)
            reporter.held(head, .digestWindow, for: until - now)
        } else {
            return false
        }
        return true
    }

    /// The verdict after what only another question, or a look at the past, can tell.
    func refine(
        _ verdict: Verdict,
        _ failure: CallFailure,
        jobs: [Int64]
    ) async throws(LedgerError) -> Verdict {
        if verdict.followUp == .checkOwnStatus {
            let isOurs: Bool
            do { isOurs = try await chat.isChatDisabled() } catch {
                // Nobody can say whose it is: nothing is dropped for that.
                return Verdict(22, .retry, .accountSuspended)
            }
            guard isOurs else { return Verdict(22, .drop, .recipientSuspended) }
            return judge(.readStatus, .chatDisabled(isSender: true))
        }
        guard let job = jobs.first, let escalation = verdict.escalation, !escalation.isSenderWide else {
            return verdict
        }
        return verdict.escalated(occurrences: try await ledger.occurrences(of: verdict.reason, job: job) + 1)
    }

    private func due(after verdict: Verdict, attempts: Int, isDoubt: Bool) -> Double {
        let now = wallClock.now()
        if isDoubt { return now + configuration.sending.settle.inSeconds }
        if let wait = verdict.wait { return now + wait.inSeconds }
        switch (verdict.action, verdict.reason) {
        case (.defer, .ownerDisabledMessages): return now + configuration.policy.disabledInterval.inSeconds
        case (.defer, _): return now + configuration.policy.followInterval.inSeconds
        case (.pause, _): return now
        default:
            // A hold is the sender's wait, not the job's.
            if case .holdSender? = verdict.followUp { return now }
            return now + gate.backoff(attempts)
        }
    }

    private func waitUntil(_ state: JobState, now: Double) -> Double? {
        state == .deferred ? now + configuration.policy.waitExpiry.inSeconds : nil
    }
}
