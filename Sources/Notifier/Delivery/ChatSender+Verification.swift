internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

extension ChatSender {
    /// Reads the conversation of a message in doubt and decides what it was.
    func verify(_ message: Message) async throws(LedgerError) {
        let finding: ConversationScan.Finding
        do { finding = try await scan(message) } catch { return try await verifyFailed(message, error) }
        breaker.succeeded(.readMessages)
        if case .present(let sent) = finding {
            return try await apply(.found, to: message, Attempt(.readMessages, outcome: "found"), sent: sent)
        }
        let now = context.now
        let wait = max(.zero, nextSendAt - now)
        let applied = try await queue.absent(message.id, policy: context.policy, resendIn: wait, now: now)
        context.report(applied)
        guard applied.actions.contains(.send), let again = try await queue.message(message.id, now: now) else { return }
        try await send(again)
        paceNext()
    }

    private func verifyFailed(_ message: Message, _ failure: CallFailure) async throws(LedgerError) {
        var verdict = try await refine(judge(.readMessages, failure), failure, message)
        if case .unreadable = failure, message.attempts >= Self.unreadableAttempts {
            verdict = Verdict(2, .drop, .conversationUnreadable)
        }
        try await apply(
            .failed(verdict),
            to: message,
            Attempt(.readMessages, failure, verdict),
            wait: breaker.backoff(message.attempts + 1)
        )
    }

    /// Answers without sense after which a human must look: the owner would get nothing else meanwhile.
    private static let unreadableAttempts = 20

    private func scan(_ message: Message) async throws(CallFailure) -> ConversationScan.Finding {
        let scan = ConversationScan(sender: chat.sender, marker: message.marker, baseline: message.baseline)
        var cursor: String?
        for _ in 0..<ConversationScan.maximumPages {
            let page = try await chat.messages(in: message.conversation, before: cursor)
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
