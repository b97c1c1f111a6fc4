internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

extension ChatSender {
    private static let cursorSetting = "chat-log-cursor"
    /// A log that is longer than this is read on at the next turn.
    private static let maximumLogPages = 20

    /// Reads what owners answered since the last time, and heeds the words to stop and to start.
    ///
    /// Without a cursor the service tells only the cursor of now: what was said before the first start is not heeded.
    /// The cursor is stored behind what it stands for, so that a word is heeded twice rather than never.
    func readAnswers() async throws(LedgerError) {
        var cursor = try await settings[Self.cursorSetting]
        for _ in 0..<Self.maximumLogPages {
            let log: ChatLog
            do { log = try await chat.log(since: cursor) } catch { return answersNotRead(error) }
            answerFailures = 0
            try await compareWithChat()
            if cursor != nil { try await heed(log.messages) }
            guard let next = log.cursor, next != cursor else { return }
            try await settings.set(Self.cursorSetting, to: next)
            guard cursor != nil, log.count > 0 else { return }
            cursor = next
        }
    }

    /// Asks later and later; what hinders this call does not stop the sending of messages, nor does it end its pauses.
    private func answersNotRead(_ failure: CallFailure) {
        let verdict = classify(.readAnswers, failure)
        context.reporter.count(call: .readAnswers, status: failure.status)
        answerFailures += 1
        let wait = max(.seconds(1), configuration.sending.answersInterval ?? .zero, breaker.backoff(answerFailures))
        nextAnswersAt = context.steadyNow + wait
        logger.log(
            level: answerFailures == Self.failuresBeforeWarning ? .warning : .debug,
            "answers of owners cannot be read, so that nobody's “stop” is heeded",
            metadata: [
                "reason": "\(verdict.reason.rawValue)", "detail": "\(failure)", "next_s": "\(wait.wholeSeconds)",
                "to_do": "\(verdict.reason.sentence)",
            ]
        )
    }

    /// Failures in a row after which an operator should know.
    private static let failuresBeforeWarning = 3

    private func heed(_ messages: [ConversationMessage]) async throws(LedgerError) {
        for message in messages {
            guard let owner = message.sender, owner != chat.sender, let text = message.text,
                let word = OptOutKeyword(text)
            else { continue }
            switch word {
            case .stop:
                context.report(try await suppressions.suppress(owner, .ownerStopped, now: context.now))
            case .start:
                guard try await suppressions.lift(owner, ifReason: .ownerStopped) else { continue }
                logger.notice("owner wants messages again", metadata: ["did": "\(owner)"])
            }
        }
    }
}

/// What an owner can say to the sender.
enum OptOutKeyword: Equatable {
    case stop
    case start

    /// Reads a message that is one of the words and nothing else.
    init?(_ text: String) {
        let word = text.lowercased().filter { $0.isLetter }
        guard text.count <= 40 else { return nil }
        switch word {
        case "stop", "unsubscribe", "stopall", "optout", "pleasestop", "stopplease": self = .stop
        case "start", "subscribe", "unstop", "optin", "resume": self = .start
        default: return nil
        }
    }
}
