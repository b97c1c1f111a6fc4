internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Metrics
internal import Network

extension ChatSender {
    private static let cursorSetting = "chat-log-cursor"
    /// When answers were last read, in microseconds, and up to ``storingInterval`` earlier.
    private static let readAtSetting = "answers-read-at"
    private static let storingInterval = Duration.seconds(3600)
    /// A log that is longer than this is read on at the next turn.
    private static let maximumLogPages = 20
    /// Failures in a row after which an operator should know.
    private static let failuresBeforeWarning = 3
    /// Who cannot hear “stop” for so long says nothing any more.
    private static let longestDeafness = Duration.seconds(6 * 3600)

    /// Reads what owners answered since the last time, and does what they ask for.
    ///
    /// Without a cursor the service tells only the cursor of now: what was said before the first start is not heeded.
    /// The cursor is stored behind what it stands for: what is read twice the ledger knows as heard.
    ///
    /// - Returns: whether they could be read.
    @discardableResult
    func readAnswers() async throws(LedgerError) -> Bool {
        var cursor = try await settings[Self.cursorSetting]
        for _ in 0..<Self.maximumLogPages {
            let log: ChatLog
            do { log = try await chat.log(since: cursor) } catch {
                if cursor != nil, isLost(error), try await giveUpCursor() { break }
                try await answersNotRead(error)
                return false
            }
            if cursor != nil, let failure = try await heed(log.messages.compactMap { words(in: $0) }) {
                try await answersNotRead(failure)
                return false
            }
            guard let next = log.cursor, next != cursor else {
                break
            }
            try await settings.set(Self.cursorSetting, to: next)
            guard cursor != nil, log.count > 0 else { break }
            cursor = next
        }
        try await answersRead()
        return true
    }

    /// Whether a cursor is to be given up for this: the service refuses it, or what stands behind it can be read by nobody.
    private func isLost(_ failure: CallFailure) -> Bool {
        if failure.status == 400 { return true }
        let isTooLarge = if case .session(let cause) = failure { cause.isTooLarge } else { false }
        return (failure.isSenseless || isTooLarge) && answerFailures >= Self.failuresBeforeWarning
    }

    /// Goes on behind a cursor that is of no use any more: what was said since the last reading stands in the conversations,
    /// too.
    ///
    /// - Returns: whether that was read; false when a log without a cursor cannot be had either, or several conversations cannot.
    private func giveUpCursor() async throws(LedgerError) -> Bool {
        let since = try await storedReadAt().map { $0 - Self.storingInterval } ?? .distantPast
        let cursor: String?
        let conversations: [String]
        do throws(CallFailure) {
            cursor = try await chat.log(since: nil).cursor
            conversations = try await chat.conversations(since: since)
        } catch {
            return false
        }
        guard let cursor else { return false }
        var failed = 0
        var said: [OwnerMessage] = []
        for conversation in conversations {
            guard !context.loops.sending.isDraining else { return false }
            let page: MessagePage
            do throws(CallFailure) { page = try await chat.messages(in: conversation, before: nil) } catch {
                // What is wrong with one conversation keeps nobody else's words from being heard.
                failed += 1
                guard error.status != 429, failed <= Self.maximumUnreadable else { return false }
                continue
            }
            let messages = page.messages.filter { ($0.sentAt ?? .distantFuture) >= since }
            said += messages.compactMap { words(in: $0.standing(in: conversation)) }
        }
        // What somebody said last counts, wherever they said it.
        said.sort { $0.rev.utf8.lexicographicallyPrecedes($1.rev.utf8) }
        guard try await heed(said) == nil else { return false }
        try await settings.set(Self.cursorSetting, to: cursor)
        logger.notice(
            "the chat service's log does not go back far enough; answers were read from the conversations instead",
            metadata: [
                "conversations": .stringConvertible(conversations.count), "not_read": .stringConvertible(failed),
            ]
        )
        return true
    }

    /// When more conversations than these cannot be read it is not they that are at fault.
    private static let maximumUnreadable = 5

    private func storedReadAt() async throws(LedgerError) -> UnixTime? {
        try await settings[Self.readAtSetting].flatMap { Int64($0) }.map { UnixTime(microseconds: $0) }
    }

    private func answersRead() async throws(LedgerError) {
        answerFailures = 0
        answersReadAt = context.steadyNow
        try await compareWithChat()
        let now = context.agreedNow
        // As long as no stream was read nobody knows what time it is.
        guard now > .distantPast else { return }
        let stored = try await storedReadAt()
        guard stored.map({ now - $0 >= Self.storingInterval || $0 > now }) ?? true else { return }
        try await settings.set(Self.readAtSetting, to: "\(now.microseconds)")
    }

    /// Asks later and later.
    ///
    /// What hinders this call stops no message for six hours, and ends no pause.
    private func answersNotRead(_ failure: CallFailure) async throws(LedgerError) {
        let verdict = classify(.readAnswers, failure)
        context.reporter.count(call: .readAnswers, status: failure.status)
        answerFailures += 1
        let now = context.steadyNow
        let wait = max(.seconds(1), configuration.sending.answersInterval ?? .zero, breaker.backoff(answerFailures))
        nextAnswersAt = now + wait
        logger.log(
            level: answerFailures == Self.failuresBeforeWarning ? .warning : .debug,
            "answers of owners cannot be read, so nobody's STOP is noticed",
            metadata: [
                "reason": "\(verdict.reason.rawValue)", "detail": "\(failure)",
                "next_s": .stringConvertible(wait.wholeSeconds),
                "to_do": "\(verdict.reason.sentence)",
            ]
        )
        var readAt = now
        if let answersReadAt {
            readAt = answersReadAt
        } else if let stored = try await storedReadAt() {
            readAt = now - max(.zero, context.agreedNow - stored)
        }
        answersReadAt = readAt
        guard !context.isShadow, !breaker.isPaused, now - readAt >= Self.longestDeafness else { return }
        breaker.pause(.answersUnreadable, failure, now: now)
        reportPause(.answersUnreadable, failure)
    }

    /// What somebody else than the sender wrote; nil for everything else.
    private func words(in message: ConversationMessage) -> OwnerMessage? {
        guard let owner = message.sender, owner != chat.sender, let text = message.text else { return nil }
        return OwnerMessage(
            id: message.id,
            rev: message.rev,
            owner: owner,
            conversation: message.conversation ?? "",
            command: OwnerCommand(text),
            length: text.count
        )
    }

    /// Does what people ask for who wrote to the sender alone, in the order written, and queues the answers.
    ///
    /// - Returns: why it went no further; nil when it did all. What is heeded twice the ledger knows as heard.
    private func heed(_ messages: [OwnerMessage]) async throws(LedgerError) -> CallFailure? {
        let (marker, answers) = (self.marker, configuration.message)
        for said in messages {
            switch try await isDirect(said) {
            case .success(true): break
            // What somebody says in a group they say to others.
            case .success(false): continue
            case .failure(let failure): return failure
            }
            let mayAnswer = !context.isShadow && !said.conversation.isEmpty
            let heard = try await queue.hear(
                said,
                maximumSends: configuration.sending.maximumSends,
                now: context.now
            ) { answer in
                mayAnswer ? ComposedMessage(answer, answers, mark: marker.mark(answering: said.id)) : nil
            }
            guard let (answer, applied) = heard else { continue }
            NotifierMetrics.answer(said.command).increment()
            context.report(applied)
            if said.command == nil {
                let metadata: Logger.Metadata = ["did": "\(said.owner)", "characters": .stringConvertible(said.length)]
                logger.info("owner's answer not understood", metadata: metadata)
            } else if answer == .started {
                logger.notice("owner asked for messages", metadata: ["did": "\(said.owner)"])
            } else if let command = said.command {
                let metadata: Logger.Metadata = ["did": "\(said.owner)", "command": "\(command.name)"]
                logger.info("owner's command carried out", metadata: metadata)
            }
        }
        return nil
    }

    /// Whether words were said in the conversation of their writer with the sender, and in no group.
    ///
    /// What the service does not say, asked several times, or says of no conversation, counts as if they were: nobody's “stop”
    /// is lost for it.
    private func isDirect(_ said: OwnerMessage) async throws(LedgerError) -> Result<Bool, CallFailure> {
        guard !said.conversation.isEmpty else { return .success(true) }
        if let known = areDirect[said.conversation] { return .success(known) }
        if try await queue.known(in: said.conversation, with: said.owner) != nil { return .success(true) }
        let isDirect: Bool
        do throws(CallFailure) { isDirect = try await askWhetherDirect(said) } catch {
            let isAnswered = error.status.map { $0 < 500 && $0 != 429 } ?? false
            return isAnswered || answerFailures >= Self.failuresBeforeWarning ? .success(true) : .failure(error)
        }
        if areDirect.count >= Self.maximumRemembered { areDirect = [:] }
        areDirect[said.conversation] = isDirect
        return .success(isDirect)
    }

    private func askWhetherDirect(_ said: OwnerMessage) async throws(CallFailure) -> Bool {
        do { return try await chat.isDirect(said.conversation, with: said.owner) } catch {
            // A session that was granted call by call need not have this one.
            guard error.errorName == "ScopeMissingError" else { throw error }
            return try await chat.conversation(with: said.owner).id == said.conversation
        }
    }

    private static let maximumRemembered = 1000
}
