internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// What somebody wrote to the sender, as far as it matters.
struct OwnerMessage: Sendable {
    let id: String
    /// Its place among what they wrote; ascending as text.
    let rev: String
    let owner: DID
    /// Where they wrote it.
    let conversation: String
    /// What it asks for; nil when it was not understood.
    let command: OwnerCommand?
    /// How many characters it has.
    var length = 0
}

// What owners answer, and what is answered to that: one transaction takes note of the words, does what they ask for, and queues
// the answer. It leaves as every message does: its row is `sending` first.
extension JobQueue {
    /// Does what somebody asks for, unless it was heard before, and queues an answer when there is something to say.
    ///
    /// - Parameters:
    ///   - said: what they wrote.
    ///   - maximumSends: sends of the answer after which it is given up.
    ///   - now: the time.
    ///   - compose: the message of an answer; nil when none is to be sent.
    /// - Returns: what is answered and what changed; nil for what was heard before.
    /// - Throws: ``LedgerError``.
    func hear(
        _ said: OwnerMessage,
        maximumSends: Int,
        now: UnixTime,
        answering compose: @escaping @Sendable (OwnerAnswer) -> ComposedMessage?
    ) async throws(LedgerError) -> (answer: OwnerAnswer?, Applied)? {
        try await write(at: now) { transaction in
            guard try transaction.note(said) else { return nil }
            let answer = try transaction.heed(said)
            if let answer, let message = compose(answer), try transaction.mayAnswer(said.owner) {
                let machine = MessageMachine(state: .queued, sends: 0, maximumSends: maximumSends, isAnswer: true)
                try transaction.queue(message, answer.kind, machine, to: said)
            }
            return (answer, transaction.applied)
        }
    }

    /// The answer that is to be sent next; nil when none is due.
    ///
    /// Those of one person leave in their order, and when nothing to them is in doubt.
    func nextAnswer(now: UnixTime) async throws(LedgerError) -> Message? {
        try await write(at: now) { transaction in
            for _ in 0..<LedgerTransaction.batch {
                let id: Int64? = try transaction.database.value(
                    """
                    SELECT id FROM message WHERE state = \(MessageMachine.State.queued) AND due_at <= \(now)
                    ORDER BY due_at, id LIMIT 1
                    """
                )
                guard let id, let message = try transaction.message(id) else { return nil }
                guard let due = try transaction.whatComesBefore(message) else { return message }
                let next = max(due, now + .seconds(1))
                try transaction.database.run("UPDATE message SET due_at = \(next) WHERE id = \(id)")
            }
            return nil
        }
    }

    /// Writes down that an answer is about to be sent (invariant 3).
    ///
    /// - Parameters:
    ///   - id: of the answer.
    ///   - newest: the newest message in its conversation.
    ///   - now: the time.
    /// - Returns: the answer; nil when it is not to be sent any more.
    /// - Throws: ``LedgerError``.
    func open(_ id: Int64, behind newest: String?, now: UnixTime) async throws(LedgerError) -> Message? {
        try await write(at: now) { transaction in
            guard let message = try transaction.message(id) else { return nil }
            guard try !transaction.isUnwanted(message) else {
                try transaction.apply(.refused(.ownerStopped), toMessage: id)
                return nil
            }
            try transaction.knowConversation(message.conversation, with: message.owner)
            let baseline = ConversationScan.End.baseline(newest)
            try transaction.database.run("UPDATE message SET baseline = \(baseline) WHERE id = \(id)")
            try transaction.apply(.opened, toMessage: id)
            return try transaction.message(id).flatMap { $0.machine.state == .sending ? $0 : nil }
        }
    }
}

extension LedgerTransaction {
    /// More answers than these a person gets not in a day; what they ask for is done.
    private static let answersEachDay = 12
    /// The same for all together to whom no notice was sent: anybody may write, from any number of accounts.
    private static let answersToStrangers = 50
    private static let day = Duration.seconds(86_400)

    /// Whether a message is an answer that its recipient, who gets none any more, did not ask for, or must not get.
    func isUnwanted(_ message: Message) throws -> Bool {
        guard message.kind.isAnswer, let reason = try suppressionReason(of: message.owner) else { return false }
        return reason != .ownerStopped || message.kind == .help
    }

    /// Takes note of what somebody wrote; whether it is newer than all that was heard of them.
    fileprivate func note(_ said: OwnerMessage) throws -> Bool {
        try database.run(
            """
            INSERT INTO heard (owner, rev, at) VALUES (\(said.owner), \(said.rev), \(now))
            ON CONFLICT DO UPDATE SET rev = excluded.rev, at = excluded.at WHERE heard.rev < excluded.rev
            """
        )
        return database.changesCount > 0
    }

    /// Whether somebody was written to, may be, and was not helped today.
    func needsHelp(_ owner: DID) throws -> Bool {
        guard try isTold(owner) && !isSuppressed(owner) else { return false }
        return try answers(to: owner, [.help]) == 0
    }

    /// Whether a notice was sent to somebody, as long as that is remembered.
    private func isTold(_ owner: DID) throws -> Bool {
        try database.exists(
            "SELECT 1 FROM message WHERE owner = \(owner) AND kind = \(MessageKind.notice) AND sends > 0"
        )
    }

    fileprivate func mayAnswer(_ owner: DID) throws -> Bool {
        guard try answers(to: owner, MessageKind.allCases.filter(\.isAnswer)) < Self.answersEachDay else {
            return false
        }
        if try isTold(owner) { return true }
        let number: Int? = try database.value(
            """
            SELECT count(*) FROM message WHERE to_stranger AND created_at > \(now - Self.day) AND created_at <= \(now)
            """
        )
        return (number ?? 0) < Self.answersToStrangers
    }

    /// How many answers of some kinds were written to somebody in a day.
    private func answers(to owner: DID, _ kinds: [MessageKind]) throws -> Int {
        try database.value(
            """
            SELECT count(*) FROM message
            WHERE owner = \(owner) AND kind IN \(kinds) AND created_at > \(now - Self.day) AND created_at <= \(now)
            """
        ) ?? 0
    }

    fileprivate func queue(
        _ answer: ComposedMessage,
        _ kind: MessageKind,
        _ machine: MessageMachine,
        to said: OwnerMessage
    ) throws {
        // No limit counts what was not sent yet.
        let never = UnixTime(microseconds: 0)
        let isToStranger = try !isTold(said.owner)
        try database.run(
            """
            INSERT INTO message (owner, author, kind, to_stranger, reply_to, state, marker, message, conversation, baseline,
                sends, maximum_sends, due_at, created_at, sent_at)
            VALUES (\(said.owner), \(said.owner), \(kind), \(isToStranger), \(said.id), \(machine.state),
                \(answer.reference), \(answer.input.encodedText), \(said.conversation), \(ConversationScan.End.baseline(said.id)),
                \(machine.sends), \(machine.maximumSends), \(now), \(now), \(never))
            """
        )
    }

    /// When what must leave before an answer, or is in doubt, is looked at next; nil when there is nothing of that.
    fileprivate func whatComesBefore(_ answer: Message) throws -> UnixTime? {
        let (queued, doubts) = (MessageMachine.State.queued, [MessageMachine.State.sending, .verify])
        return try database.value(
            """
            SELECT max(due_at) FROM message
            WHERE owner = \(answer.owner) AND (state IN \(doubts) OR state = \(queued) AND id < \(answer.id))
            """
        )
    }
}
