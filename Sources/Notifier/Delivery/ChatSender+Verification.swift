internal import ATProtocol
internal import Logging
internal import Network

extension ChatSender {
    /// Reads the conversation of a message in doubt and decides what it was.
    func verify(_ delivery: Delivery) async throws(LedgerError) {
        let finding: ConversationScan.Finding
        do { finding = try await scan(delivery) } catch {
            return try await verifyFailed(delivery, error)
        }
        gate.succeeded(.readMessages)
        // Read anew: a delete, or a stop of the owner, may have come in while the conversation was read.
        guard var current = try await ledger.delivery(delivery.id), current.machine.state == .verify else { return }
        switch finding {
        case .present(let sent):
            _ = current.machine.handle(.scanned(isPresent: true))
            try await settle(current, sent: sent, note: AttemptNote(.readMessages, outcome: "found"))
        case .absent, .unknown:
            let isSuppressed = try await ledger.isSuppressed(current.owner)
            if isSuppressed, current.machine.withdrawal == nil {
                _ = current.machine.handle(.withdrawn(.ownerSuppressed))
            }
            if current.isPartlyWithdrawn { return try await dissolve(current) }
            if current.machine.withdrawal == nil, nextSendAt > wallClock.now() {
                // It is read once more when the pace allows to send.
                return try await settle(
                    current,
                    dueAt: nextSendAt,
                    note: AttemptNote(.readMessages, outcome: "not found", nextAt: nextSendAt)
                )
            }
            let actions = current.machine.handle(.scanned(isPresent: false))
            try await settle(
                current,
                dueAt: wallClock.now(),
                note: AttemptNote(.readMessages, outcome: "not found")
            )
            guard actions.contains(.send) else { return }
            try await send(current)
            paceNext()
        }
    }

    /// Takes a message apart that must not be sent as it was written, and says what became of its requests.
    private func dissolve(_ delivery: Delivery) async throws(LedgerError) {
        let note = AttemptNote(.readMessages, outcome: "not found")
        try await ledger.dissolve(delivery, note: note, now: wallClock.now())
        for member in delivery.members {
            reporter.report(
                Outcome(
                    uri: member.uri,
                    owner: delivery.owner,
                    rule: member.rule,
                    state: member.withdrawal == nil ? .queued : .dropped,
                    reason: member.withdrawal ?? .waiting,
                    detail: nil,
                    latency: 0,
                    nextIn: member.withdrawal == nil ? 0 : nil
                )
            )
        }
    }

    private func verifyFailed(_ delivery: Delivery, _ failure: CallFailure) async throws(LedgerError) {
        var delivery = delivery
        var verdict = try await refine(judge(.readMessages, failure), failure, jobs: delivery.members.map(\.id))
        if case .unreadable = failure, delivery.attempts >= Self.unreadableAttempts {
            verdict = Verdict(2, .drop, .conversationUnreadable)
        }
        let actions = delivery.machine.handle(.failed(.readMessages, verdict))
        delivery.attempts += 1
        let dueAt = wallClock.now() + gate.backoff(delivery.attempts)
        try await settle(delivery, after: failure, in: .readMessages, verdict, actions, dueAt: dueAt)
    }

    /// Answers without sense after which a human must look: the owner would get nothing else meanwhile.
    private static let unreadableAttempts = 20

    private func scan(_ delivery: Delivery) async throws(CallFailure) -> ConversationScan.Finding {
        let scan = ConversationScan(sender: chat.sender, marker: delivery.marker, baseline: delivery.baseline)
        var cursor: String?
        for _ in 0..<ConversationScan.maximumPages {
            let page = try await chat.messages(in: delivery.conversation, before: cursor)
            let finding = scan.judge(page)
            // What cannot be understood may be the message that is looked for.
            if finding == .absent, page.isPartlyUnderstood {
                throw .unreadable(status: 200, detail: "the conversation holds messages of an unknown form")
            }
            guard finding == .unknown else { return finding }
            cursor = page.cursor
        }
        throw .unreadable(status: 200, detail: "more messages than can be read since the message was sent")
    }
}
