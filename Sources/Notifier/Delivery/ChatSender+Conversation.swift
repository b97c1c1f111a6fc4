internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

// The conversation, not the ledger, says what was said: a ledger may be older than the chat, and another daemon may write for
// the same account.
extension ChatSender {
    /// Whether a conversation is with the recipient; when it is known as another's, it is asked whose it is.
    func isOurs(_ conversation: Conversation, _ candidate: SendCandidate) async throws(LedgerError) -> Bool {
        guard let other = try await queue.otherOwner(of: conversation.id, than: candidate.owner) else { return true }
        do { try await chat.checkConversation(conversation.id, isWith: candidate.owner) } catch {
            try await giveBack(candidate, .openConversation, .misdirected("it is the conversation with \(other)"))
            return false
        }
        try await queue.forgetConversation(with: other)
        return true
    }

    /// The conversation with the newest message in it, when nothing there speaks against telling all of this now, by what was
    /// written unknown to the ledger; nil when something does, and what it means for the jobs is stored.
    func readUnknown(_ candidate: SendCandidate, in conversation: Conversation) async throws(LedgerError)
        -> Conversation?
    {
        let known = try await queue.known(in: conversation.id, with: candidate.owner)
        let now = context.now
        let beginning = candidate.jobs.map { Self.beginning(of: $0, at: now) }.min() ?? now
        // What was written before the ledger knew all may tell of these requests, though something newer is known.
        let last = known.flatMap { $0.since <= beginning ? $0.last : nil }
        // A ledger that is known to be older than the chat does not take the conversation's word alone for it, and one that
        // says nothing has not said that it is empty.
        if let newest = conversation.lastMessage, newest == last, !isNotAlone, !isComparisonOwed { return conversation }
        let newest = conversation.lastMessage ?? known?.last
        var scan = ConversationScan(
            sender: chat.sender,
            owner: candidate.owner,
            end: .time(beginning, message: last),
            newest: newest
        )
        do { try await read(&scan, conversation.id, pages: Self.maximumPagesBeforeSending) } catch {
            // A service that shows no messages at all names none either: nothing speaks for there being one.
            let isSilent = conversation.lastMessage == nil
            if isSilent, classify(.readMessages, error).reason == .chatNotReachable { return conversation }
            try await giveBack(candidate, .readMessages, error)
            return nil
        }
        // What is strange now may be as usual in a moment.
        if !scan.isReadable, candidate.jobs.allSatisfy({ $0.attempts < Self.maximumReadings }) {
            try await giveBack(candidate, .readMessages, Self.objection(to: scan))
            return nil
        }
        // What a human wrote by hand from this account has no marks.
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
            // Of what is unknown the ledger knows the marks only as long as it is read.
            try await queue.note(
                read.lastMessage,
                in: read.id,
                with: candidate.owner,
                // By the chat's own clock: ours may be behind.
                knownSince: scan.isProof && unknown.isEmpty ? beginning : scan.newestRead?.sentAt ?? .distantFuture,
                now: context.now
            )
        }
        return read
    }

    /// Whether a recipient was never told of anything, as far as the ledger and what was read of their conversation say: an
    /// answer to what they wrote has no line on who runs this.
    func isFirstContact(with owner: DID, in conversation: Conversation? = nil) async throws(LedgerError) -> Bool {
        guard !configuration.message.about.isEmpty, try await !queue.hasWritten(to: owner) else { return false }
        // What the ledger does not know of is a notice that it has lost.
        guard conversation?.holdsOurs == true else { return true }
        return try await queue.hasWritten(answer: true, to: owner)
    }

    /// Before this no message can tell of a request.
    private static func beginning(of job: Job, at now: UnixTime) -> UnixTime {
        min(job.firstWritten, now) - marginBeforeRequest
    }

    /// Reads a conversation until the scan has seen enough.
    func read(_ scan: inout ConversationScan, _ conversation: String, pages: Int) async throws(CallFailure) {
        var cursor: String?
        for _ in 0..<pages where !scan.isAtEnd && scan.objection == nil {
            let page = try await chat.messages(in: conversation, before: cursor)
            scan.read(page)
            cursor = page.cursor
        }
        if scan.isAtEnd { breaker.succeeded(.readMessages) }
    }

    /// Says, once the chat service is reached, when it holds a newer message of this account than the ledger knows: whoever
    /// restored it should hear of that before the first message.
    func compareWithChat() async throws(LedgerError) {
        guard !isCompared else { return }
        let newest: (id: String, conversation: String, sentAt: UnixTime?)?
        do throws(CallFailure) { newest = try await chat.newestOwnMessage() } catch {
            // Until it is known whether the ledger is older than the chat, it counts as such.
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

    /// How long before a request was written its message cannot have been written: clocks differ.
    private static let marginBeforeRequest = Duration.seconds(3600)
    /// Readings of a conversation that makes no sense before a human must look.
    private static let maximumReadings = 5
    /// A conversation in which more was written since then is for a human.
    static let maximumPagesBeforeSending = 10
}
