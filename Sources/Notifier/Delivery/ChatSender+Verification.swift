internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

extension ChatSender {
    /// Reads the conversation of a message in doubt, and decides whether the message arrived.
    func verify(_ message: Message) async throws(LedgerError) {
        var told: [Int64] = []
        // A message that is not there is looked for a second time: an answer that is a moment old must not cause a
        // second message.
        for _ in 0..<2 {
            let scan: ConversationScan
            do { scan = try await self.scan(message) } catch { return try await verifyFailed(message, error) }
            if let sent = Self.find(message, in: scan) {
                return try await apply(.found, to: message, Attempt(.readMessages, outcome: "found"), sent: sent)
            }
            guard scan.isProof else { return try await verifyFailed(message, Self.objection(to: scan)) }
            told = message.members.filter { scan.message(telling: marker.mark($0.uri)) != nil }.map(\.job)
        }
        try await checker.refresh(message.owner)
        let now = context.now
        let wait = max(.zero, nextSendAt - context.steadyNow)
        let applied = try await queue.absent(message.id, told: told, policy: context.policy, resendIn: wait, now: now)
        context.report(applied)
        guard applied.actions.contains(.send), let again = try await queue.message(message.id, now: now) else { return }
        try await send(again)
        paceNext()
    }

    /// The message itself, or another that tells of everything it lists.
    private static func find(_ message: Message, in scan: ConversationScan) -> SentMessage? {
        let listed = MessageReference.marks(in: "[\(message.reference)]")
        let isTold = listed.allSatisfy { scan.message(telling: $0) != nil }
        // A deleted message of ours can only be the one in doubt, because nothing else was sent meanwhile.
        return isTold ? listed.first.flatMap(scan.message(telling:)) : scan.found.first(where: \.isDeleted)?.message
    }

    private func verifyFailed(_ message: Message, _ failure: CallError) async throws(LedgerError) {
        var verdict = try await refine(await judge(.readMessages, failure, of: message.owner), failure, message)
        if failure.isSenseless, message.attempts >= Self.senselessAttempts {
            verdict = Verdict(2, .drop, .conversationUnreadable)
        }
        try await apply(
            .failed(verdict),
            to: message,
            Attempt(.readMessages, failure, verdict),
            wait: configuration.sending.backoff(message.attempts + 1)
        )
    }

    /// After so many senseless answers the message needs a decision; until then the owner gets nothing else.
    private static let senselessAttempts = 20

    private func scan(_ message: Message) async throws(CallError) -> ConversationScan {
        // Pages that lack the conversation's newest message are out of date.
        let newest: String?
        do throws(CallError) { newest = try await chat.conversation(with: message.owner).lastMessage } catch {
            // A service that refuses to open the conversation may still let it be read.
            guard classify(.openConversation, error).isRefusal else { throw error }
            newest = nil
        }
        var scan = ConversationScan(
            sender: chat.sender,
            owner: message.owner,
            end: .init(baseline: message.baseline),
            newest: newest
        )
        try await read(&scan, message.conversation, pages: Self.maximumPages)
        return scan
    }

    /// Why a scan does not prove that a message is missing.
    static func objection(to scan: ConversationScan) -> CallError {
        if let objection = scan.objection { return .misdirected(objection) }
        let detail =
            scan.isUnderstood
            ? "more messages were written since then than can be read"
            : "the conversation holds messages of a form that is not known"
        return .unreadable(status: 200, detail: detail)
    }

    /// Pages of 100 messages; beyond that the rest since the baseline is not read.
    private static let maximumPages = 50
}
