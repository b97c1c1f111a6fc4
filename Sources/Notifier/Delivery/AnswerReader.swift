internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Metrics
internal import Network

/// Reads what people write to the sender, and does what they ask for; it sends nothing.
///
/// It belongs to one actor and has no isolation of its own.
final class AnswerReader {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let settings: Settings
    private let chat: ChatClient
    private let marker: MessageReference
    /// When answers are read next, by the steady clock; never when the configuration forbids it.
    private(set) var nextAt: UnixTime
    /// Failures in a row.
    private var failures = 0
    /// When answers were last read, by the steady clock; nil before the first try.
    private var readAt: UnixTime?
    /// Whether conversations are with one person alone; recent answers of the service.
    private var areDirect: [String: Bool] = [:]

    private static let cursorSetting = "chat-log-cursor"
    /// When answers were last read, in microseconds since the Unix epoch; up to ``storingInterval`` too early.
    private static let readAtSetting = "answers-read-at"
    private static let storingInterval = Duration.seconds(3600)
    /// The most pages of the log in one turn; the next turn reads on.
    private static let maximumLogPages = 20
    /// After so many failures in a row the operator is told.
    private static let failuresBeforeWarning = 3
    /// After so long without reading answers, and so without noticing “stop”, nothing more is sent.
    private static let longestDeafness = Duration.seconds(6 * 3600)

    init(
        _ context: DeliveryContext,
        queue: JobQueue,
        settings: Settings,
        chat: ChatClient,
        marker: MessageReference
    ) {
        self.context = context
        self.queue = queue
        self.settings = settings
        self.chat = chat
        self.marker = marker
        nextAt = context.configuration.sending.answersInterval == nil ? .distantFuture : .distantPast
    }

    private var interval: Duration? { context.configuration.sending.answersInterval }

    /// Reads what owners answered since the last time, and does what they ask for.
    ///
    /// Without a cursor the service gives only the present cursor, so nothing said before the first start counts. A
    /// cursor is stored after the answers up to it; answers that are read twice are known in the ledger.
    ///
    /// - Returns: why they could not be read; nil when they were.
    func read() async throws(LedgerError) -> CallError? {
        // Not so often that nothing else gets a turn.
        if let interval { nextAt = context.steadyNow + max(.seconds(1), interval) }
        var cursor = try await settings[Self.cursorSetting]
        for _ in 0..<Self.maximumLogPages {
            let log: ChatLog
            do { log = try await chat.log(since: cursor) } catch {
                if cursor != nil, isLost(error), try await giveUpCursor() { break }
                try await noteFailure(error)
                return error
            }
            if cursor != nil, let failure = try await heed(log.messages.compactMap { words(in: $0, $0.conversation) }) {
                try await noteFailure(failure)
                return failure
            }
            guard let next = log.cursor, next != cursor else { break }
            try await settings.set(Self.cursorSetting, to: next)
            guard cursor != nil, log.count > 0 else { break }
            cursor = next
        }
        try await noteSuccess()
        return nil
    }

    /// Whether to give up a cursor after a failure: the service refuses it, or what follows it cannot be read.
    private func isLost(_ failure: CallError) -> Bool {
        if failure.status == 400 { return true }
        let isTooLarge = if case .session(let cause) = failure { cause.isTooLarge } else { false }
        return (failure.isSenseless || isTooLarge) && failures >= Self.failuresBeforeWarning
    }

    /// Gives up a useless cursor, and reads what was said since the last reading from the conversations instead.
    ///
    /// - Returns: whether that worked; false when the service gives no new cursor, or several conversations cannot be
    ///   read.
    private func giveUpCursor() async throws(LedgerError) -> Bool {
        let since = try await storedReadAt().map { $0 - Self.storingInterval } ?? .distantPast
        let cursor: String?
        let conversations: [String]
        do throws(CallError) {
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
            do throws(CallError) { page = try await chat.messages(in: conversation, before: nil) } catch {
                // One unreadable conversation must not keep other people from being heard.
                failed += 1
                guard error.status != 429, failed <= Self.maximumUnreadable else { return false }
                continue
            }
            let messages = page.messages.filter { ($0.sentAt ?? .distantFuture) >= since }
            said += messages.compactMap { words(in: $0, conversation) }
        }
        // What somebody said last counts, in whichever conversation.
        said.sort { $0.rev.utf8.lexicographicallyPrecedes($1.rev.utf8) }
        guard try await heed(said) == nil else { return false }
        try await settings.set(Self.cursorSetting, to: cursor)
        context.logger.notice(
            "the chat service's log does not go back far enough; answers were read from the conversations instead",
            metadata: [
                "conversations": .stringConvertible(conversations.count), "not_read": .stringConvertible(failed),
            ]
        )
        return true
    }

    /// When more conversations than this cannot be read, the conversations are not the problem.
    private static let maximumUnreadable = 5

    private func storedReadAt() async throws(LedgerError) -> UnixTime? {
        try await settings[Self.readAtSetting].flatMap { Int64($0) }.map { UnixTime(microseconds: $0) }
    }

    private func noteSuccess() async throws(LedgerError) {
        failures = 0
        readAt = context.steadyNow
        let now = context.agreedNow
        // Without a stream's time we do not know what time it is.
        guard now > .distantPast else { return }
        let stored = try await storedReadAt()
        guard stored.map({ now - $0 >= Self.storingInterval || $0 > now }) ?? true else { return }
        try await settings.set(Self.readAtSetting, to: "\(now.microseconds)")
    }

    /// Tries again after growing waits.
    private func noteFailure(_ failure: CallError) async throws(LedgerError) {
        let verdict = classify(.readAnswers, failure)
        NotifierMetrics.count(call: .readAnswers, status: failure.status)
        failures += 1
        let now = context.steadyNow
        let wait = max(.seconds(1), interval ?? .zero, context.configuration.sending.backoff(failures))
        if interval != nil { nextAt = now + wait }
        context.logger.log(
            level: failures == Self.failuresBeforeWarning ? .warning : .debug,
            "answers of owners cannot be read, so nobody's STOP is noticed",
            metadata: [
                "reason": "\(verdict.reason.rawValue)", "detail": "\(failure)",
                "next_s": .stringConvertible(wait.wholeSeconds),
                "to_do": "\(verdict.reason.sentence)",
            ]
        )
        guard readAt == nil else { return }
        readAt = try await storedReadAt().map { now - max(.zero, context.agreedNow - $0) } ?? now
    }

    /// Whether so long nothing was read that nothing should be sent any more.
    var isDeaf: Bool { readAt.map { context.steadyNow - $0 >= Self.longestDeafness } ?? false }

    /// A message that somebody else than the sender wrote; nil for everything else.
    private func words(in message: ConversationMessage, _ conversation: String?) -> OwnerMessage? {
        guard let owner = message.sender, owner != chat.sender, let text = message.text else { return nil }
        return OwnerMessage(
            id: message.id,
            rev: message.rev,
            owner: owner,
            conversation: conversation ?? "",
            command: OwnerCommand(text),
            length: text.count
        )
    }

    /// Carries out what people asked the sender for in private, in the order written, and queues the answers.
    ///
    /// A message that is read twice does nothing, because the ledger knows it.
    ///
    /// - Returns: the failure that stopped it; nil when everything was done.
    private func heed(_ messages: [OwnerMessage]) async throws(LedgerError) -> CallError? {
        let (marker, answers) = (self.marker, context.configuration.message)
        for said in messages {
            switch try await isDirect(said) {
            case .success(true): break
            // Words in a group are addressed to others.
            case .success(false): continue
            case .failure(let failure): return failure
            }
            let mayAnswer = !context.isShadow && !said.conversation.isEmpty
            let heard = try await queue.hear(
                said,
                maximumSends: context.configuration.sending.maximumSends,
                now: context.now
            ) { answer in
                mayAnswer ? ComposedMessage(answer, answers, mark: marker.mark(answering: said.id)) : nil
            }
            guard let (answer, applied) = heard else { continue }
            NotifierMetrics.answer(said.command).increment()
            context.report(applied)
            if said.command == nil {
                let metadata: Logger.Metadata = ["did": "\(said.owner)", "characters": .stringConvertible(said.length)]
                context.logger.info("owner's answer not understood", metadata: metadata)
            } else if answer == .started {
                context.logger.notice("owner asked for messages", metadata: ["did": "\(said.owner)"])
            } else if let command = said.command {
                let metadata: Logger.Metadata = ["did": "\(said.owner)", "command": "\(command.name)"]
                context.logger.info("owner's command carried out", metadata: metadata)
            }
        }
        return nil
    }

    /// Whether a message was written in a conversation with the sender alone, and not in a group.
    ///
    /// If the service does not say, after several questions or because it names no conversation, the answer is yes, so
    /// that nobody's “stop” is lost.
    private func isDirect(_ said: OwnerMessage) async throws(LedgerError) -> Result<Bool, CallError> {
        guard !said.conversation.isEmpty else { return .success(true) }
        if let known = areDirect[said.conversation] { return .success(known) }
        if try await queue.known(in: said.conversation, with: said.owner) != nil { return .success(true) }
        let isDirect: Bool
        do throws(CallError) { isDirect = try await askWhetherDirect(said) } catch {
            let isAnswered = error.status.map { $0 < 500 && $0 != 429 } ?? false
            return isAnswered || failures >= Self.failuresBeforeWarning ? .success(true) : .failure(error)
        }
        if areDirect.count >= Self.maximumRemembered { areDirect = [:] }
        areDirect[said.conversation] = isDirect
        return .success(isDirect)
    }

    private func askWhetherDirect(_ said: OwnerMessage) async throws(CallError) -> Bool {
        do { return try await chat.isDirect(said.conversation, with: said.owner) } catch {
            // A session with fine-grained scopes may lack the scope for this call.
            guard error.errorName == "ScopeMissingError" else { throw error }
            return try await chat.conversation(with: said.owner).id == said.conversation
        }
    }

    private static let maximumRemembered = 1000
}
