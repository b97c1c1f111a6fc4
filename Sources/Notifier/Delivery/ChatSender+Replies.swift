internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

extension ChatSender {
    /// Sends an answer to what somebody wrote, unless the conversation already holds it.
    ///
    /// The conversation is found by the id with which it was read. So everybody who writes gets an answer, whatever
    /// their own setting says about who may write to them.
    func answer(_ message: Message) async throws(LedgerError) {
        guard message.attempts < Self.maximumTries else {
            return try await giveUp(message, message.machine.reason ?? .sendsExhausted)
        }
        // The service counts it in any case.
        defer { paceNext() }
        let seen: (newest: String?, sent: SentMessage?)
        do { seen = try await look(for: message) } catch {
            let verdict = try await refine(await judge(.readMessages, error, of: message.owner), error, message)
            guard !verdict.isOfJobAlone || message.attempts < Self.triesAlone else {
                return try await giveUp(message, verdict.reason)
            }
            let wait = configuration.sending.backoff(message.attempts + 1)
            return try await apply(.failed(verdict), to: message, Attempt(.readMessages, error, verdict), wait: wait)
        }
        if let sent = seen.sent {
            return try await apply(.found, to: message, Attempt(.readMessages, outcome: "found"), sent: sent)
        }
        guard let begun = try await queue.open(message.id, behind: seen.newest, now: context.now) else { return }
        try await send(begun)
    }

    /// The newest message in the answer's conversation, and the answer itself if it is there.
    ///
    /// After a restore the same words are heard again.
    private func look(for message: Message) async throws(CallError) -> (newest: String?, sent: SentMessage?) {
        let conversation: Conversation
        do { conversation = try await chat.checkConversation(message.conversation, isWith: message.owner) } catch {
            // A session with fine-grained scopes may lack the scope for this call.
            guard error.errorName == "ScopeMissingError" else { throw error }
            conversation = try await chat.conversation(with: message.owner)
        }
        let newest = conversation.lastMessage
        guard newest != message.replyTo else { return (newest, nil) }
        let end = ConversationScan.End.message(message.replyTo)
        var scan = ConversationScan(sender: chat.sender, owner: message.owner, end: end, newest: newest)
        try await read(&scan, message.conversation, pages: Self.maximumPagesBeforeSending)
        let marks = MessageReference.marks(in: "[\(message.reference)]")
        if let sent = marks.first.flatMap(scan.message(telling:)) { return (newest, sent) }
        guard scan.isProof else { throw Self.objection(to: scan) }
        return (scan.newestRead?.id ?? newest, nil)
    }

    private func giveUp(_ message: Message, _ reason: Reason) async throws(LedgerError) {
        logger.warning(
            "answer to an owner given up",
            metadata: ["did": "\(message.owner)", "reason": "\(reason.rawValue)"]
        )
        try await apply(.refused(reason), to: message, Attempt(.sendMessage, outcome: "given up", reason: reason))
    }

    /// After so many tries an answer is given up; usually a day.
    private static let maximumTries = 100
    /// The same when only this answer fails.
    private static let triesAlone = 5
}
