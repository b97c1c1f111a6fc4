internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// A message that somebody wrote to the sender, as far as it matters.
struct OwnerMessage: Sendable {
    let id: String
    /// Its place in the order of what they wrote; ascending as text.
    let rev: String
    let owner: DID
    let conversation: String
    /// What it asks for; nil when it was not understood.
    let command: OwnerCommand?
    /// Its length in characters.
    var length = 0
}

// What owners write to the sender, and our answers. One transaction notes the words, does what they ask for, and queues
// the answer. An answer is sent like every message: its row is `sending` first.
extension JobQueue {
    /// Does what somebody asks for, unless it was heard before, and queues the answer if there is one.
    ///
    /// - Parameters:
    ///   - said: what they wrote.
    ///   - maximumSends: after so many sends the answer is given up.
    ///   - now: the time.
    ///   - compose: makes the message of an answer; nil when none is to be sent.
    /// - Returns: the answer and what changed; nil when it was heard before.
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

    /// The next answer to send; nil when none is due.
    ///
    /// Answers to one person are sent in order, and only when no message to that person is in doubt.
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

    /// Stores that an answer is about to be sent (invariant 3).
    ///
    /// - Parameters:
    ///   - id: the answer.
    ///   - newest: the newest message in its conversation.
    ///   - now: the time.
    /// - Returns: the answer; nil when it must not be sent any more.
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
    /// The most answers to a person in a day; beyond that, what they ask for is still done.
    private static let answersEachDay = 12
    /// The most answers in a day to all people who never got a notice: anybody may write, from any number of accounts.
    private static let answersToStrangers = 50
    private static let day = Duration.seconds(86_400)

    /// Whether a message is an answer to a suppressed recipient that they did not ask for, or must not get.
    func isUnwanted(_ message: Message) throws -> Bool {
        guard message.kind.isAnswer, let reason = try suppressionReason(of: message.owner) else { return false }
        return reason != .ownerStopped || message.kind == .help
    }

    /// Notes what somebody wrote; returns whether it is newer than everything heard from them before.
    fileprivate func note(_ said: OwnerMessage) throws -> Bool {
        try database.run(
            """
            INSERT INTO heard (owner, rev, at) VALUES (\(said.owner), \(said.rev), \(now))
            ON CONFLICT DO UPDATE SET rev = excluded.rev, at = excluded.at WHERE heard.rev < excluded.rev
            """
        )
        return database.changesCount > 0
    }

    /// Whether somebody was sent a notice, may be written to, and got no help today.
    func needsHelp(_ owner: DID) throws -> Bool {
        guard try isTold(owner) && !isSuppressed(owner) else { return false }
        return try answers(to: owner, [.help]) == 0
    }

    /// Whether somebody was sent a notice that the ledger still knows.
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

    /// How many answers of some kinds somebody got within a day.
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
        // No limit counts an answer that was not sent yet.
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

    /// When messages that come before an answer, or are in doubt, are next looked at; nil without any.
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
