internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

// Before a first send the conversation is asked what was said, because the ledger may be older than the chat, and
// another daemon may write for the same account.
extension ChatSender {
    /// Whether a conversation is the one with the recipient; if its id is known for somebody else, the service is
    /// asked.
    func isOurs(_ conversation: Conversation, _ candidate: SendCandidate) async throws(LedgerError) -> Bool {
        guard let other = try await queue.otherOwner(of: conversation.id, than: candidate.owner) else { return true }
        do { try await chat.checkConversation(conversation.id, isWith: candidate.owner) } catch {
            try await giveBack(candidate, .openConversation, .misdirected("it is the conversation with \(other)"))
            return false
        }
        try await queue.forgetConversation(with: other)
        return true
    }

    /// Reads what was written in the conversation without the ledger's knowledge.
    ///
    /// - Returns: the conversation with its newest message, when all of the candidate's requests may be sent now; nil
    ///   when one may not, and the consequence for the jobs is stored.
    func readUnknown(_ candidate: SendCandidate, in conversation: Conversation) async throws(LedgerError)
        -> Conversation?
    {
        let known = try await queue.known(in: conversation.id, with: candidate.owner)
        let now = context.now
        let beginning = candidate.jobs.map { Self.beginning(of: $0, at: now) }.min() ?? now
        // Messages from before the ledger knew everything may tell of these requests, even when a newer one is known.
        let last = known.flatMap { $0.since <= beginning ? $0.last : nil }
        // When the ledger is older than the chat, the newest message alone proves nothing; and a conversation that
        // names no newest message need not be empty.
        if let newest = conversation.lastMessage, newest == last, !isNotAlone, !isComparisonOwed { return conversation }
        let newest = conversation.lastMessage ?? known?.last
        var scan = ConversationScan(
            sender: chat.sender,
            owner: candidate.owner,
            end: .time(beginning, message: last),
            newest: newest
        )
        do { try await read(&scan, conversation.id, pages: Self.maximumPagesBeforeSending) } catch {
            // A service that shows no messages at all also names none, so nothing suggests that there are any.
            let isSilent = conversation.lastMessage == nil
            if isSilent, classify(.readMessages, error).reason == .chatNotReachable { return conversation }
            try await giveBack(candidate, .readMessages, error)
            return nil
        }
        // A page that makes no sense now may be fine in a moment.
        if !scan.isReadable, candidate.jobs.allSatisfy({ $0.attempts < Self.maximumReadings }) {
            try await giveBack(candidate, .readMessages, Self.objection(to: scan))
            return nil
        }
        // Messages that a human wrote by hand from this account have no marks.
        let marked = scan.found.filter { !$0.marks.isEmpty }.map(\.message.id)
        let unknown = try await queue.unknown(marked, to: candidate.owner)
        var told: [Int64] = []
        var undecided: [Int64] = []
        for job in candidate.jobs {
            if scan.message(telling: marker.mark(job.uri)) != nil {
                told.append(job.id)
            } else if !job.mayRepeat,
                !scan.isProof(since: Self.beginning(of: job, at: now))
                    || !unknown.isEmpty && marker.isYounger(than: job.firstWritten)
            {
                undecided.append(job.id)
            }
        }
        let news = unknown.filter { !reportedMessages.contains($0) }
        if !news.isEmpty {
            isNotAlone = true
            reportedMessages.formUnion(news)
            logger.warning(
                "the chat holds messages of this account that the ledger does not know",
                metadata: [
                    "did": "\(candidate.owner)", "messages": .stringConvertible(news.count),
                    "already_told": .stringConvertible(told.count),
                    "to_do": "\(Self.adviceAboutUnknownMessages)",
                ]
            )
        }
        guard told.isEmpty, undecided.isEmpty else {
            context.report(try await queue.settle(told: told, possiblyTold: undecided, now: context.now))
            return nil
        }
        let read = Conversation(
            id: conversation.id,
            lastMessage: scan.newestRead?.id ?? conversation.lastMessage,
            holdsOurs: conversation.holdsOurs || scan.holdsOurs
        )
        if last == nil || !unknown.isEmpty {
            // The marks of unknown messages are not stored; they are known only while they are read.
            try await queue.note(
                read.lastMessage,
                in: read.id,
                with: candidate.owner,
                // By the chat's own clock, because ours may be behind.
                knownSince: scan.isProof && unknown.isEmpty ? beginning : scan.newestRead?.sentAt ?? .distantFuture,
                now: context.now
            )
        }
        return read
    }

    /// Whether a recipient was never sent a notice, by the ledger and by what was read of the conversation.
    ///
    /// An answer to what they wrote does not count, because it does not say who runs this.
    func isFirstContact(with owner: DID, in conversation: Conversation? = nil) async throws(LedgerError) -> Bool {
        guard !configuration.message.about.isEmpty, try await !queue.hasWritten(to: owner) else { return false }
        // A message of ours that the ledger does not know is a notice that the ledger has lost.
        guard conversation?.holdsOurs == true else { return true }
        return try await queue.hasWritten(answer: true, to: owner)
    }

    /// The time before which no message can tell of a request.
    private static func beginning(of job: Job, at now: UnixTime) -> UnixTime {
        min(job.firstWritten, now) - marginBeforeRequest
    }

    /// Reads a conversation until the scan reaches its end.
    func read(_ scan: inout ConversationScan, _ conversation: String, pages: Int) async throws(CallError) {
        var cursor: String?
        for _ in 0..<pages where !scan.isAtEnd && scan.objection == nil {
            let page = try await chat.messages(in: conversation, before: cursor)
            scan.read(page)
            cursor = page.cursor
        }
        if scan.isAtEnd { breaker.succeeded(.readMessages) }
    }

    /// Logs a warning when the chat holds a newer message of this account than the ledger, as soon as the service
    /// answers.
    ///
    /// After a restore the operator should hear of that before the first message is sent.
    func compareWithChat() async throws(LedgerError) {
        guard !isCompared else { return }
        let newest: (id: String, conversation: String, sentAt: UnixTime?)?
        do throws(CallError) { newest = try await chat.newestOwnMessage() } catch {
            // Until this is known, the ledger counts as older than the chat.
            return isComparisonOwed = true
        }
        (isCompared, isComparisonOwed) = (true, false)
        guard let newest,
            newest.sentAt.map({ $0 > context.now - configuration.sending.retention }) ?? true,
            try await !queue.knows(newest.id, in: newest.conversation)
        else { return }
        isNotAlone = true
        logger.warning(
            "the ledger is older than the chat",
            metadata: ["conversation": "\(newest.conversation)", "to_do": "\(Self.adviceAboutUnknownMessages)"]
        )
    }

    static let adviceAboutUnknownMessages =
        "nobody is told twice, for each conversation is read first; unless a backup was restored here, another daemon sends "
        + "for this account: find it and stop it"

    /// The margin for differing clocks: how long before its request a message may seem to be written.
    private static let marginBeforeRequest = Duration.seconds(3600)
    /// After so many readings that make no sense, the job needs a decision.
    private static let maximumReadings = 5
    /// The most pages that are read before a first send; if more was written, the job needs a decision.
    static let maximumPagesBeforeSending = 10
}
