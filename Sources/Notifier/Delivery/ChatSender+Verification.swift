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
            if current.isPartlyWithdrawn { return try await ledger.dissolve(current, now: wallClock.now()) }
            let actions = current.machine.handle(.scanned(isPresent: false))
            try await settle(
                current,
                dueAt: wallClock.now(),
                note: AttemptNote(.readMessages, outcome: "not found")
            )
            if actions.contains(.send) { try await send(current) }
        }
    }

    private func verifyFailed(_ delivery: Delivery, _ failure: CallFailure) async throws(LedgerError) {
        var delivery = delivery
        let verdict = try await refine(judge(.readMessages, failure), failure, jobs: delivery.members.map(\.id))
        let actions = delivery.machine.handle(.failed(.readMessages, verdict))
        delivery.attempts += 1
        if actions.contains(.suppressOwner) {
            try await suppress(delivery.owner, verdict.reason, besides: delivery.members.map(\.uri))
        }
        let dueAt = wallClock.now() + gate.backoff(delivery.attempts)
        try await settle(
            delivery,
            dueAt: dueAt,
            note: AttemptNote(.readMessages, failure, verdict, nextAt: dueAt),
            detail: failure
        )
    }

    private func scan(_ delivery: Delivery) async throws(CallFailure) -> ConversationScan.Finding {
        let scan = ConversationScan(sender: chat.sender, marker: delivery.marker, baseline: delivery.baseline)
        var cursor: String?
        for _ in 0..<ConversationScan.maximumPages {
            let page = try await chat.messages(in: delivery.conversation, before: cursor)
            let finding = scan.judge(page)
            guard finding == .unknown else { return finding }
            cursor = page.cursor
        }
        throw .unreadable(status: 200, detail: "more messages than can be read since the message was sent")
    }
}
