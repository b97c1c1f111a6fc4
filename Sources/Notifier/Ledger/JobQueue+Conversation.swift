internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

// What the ledger knows of a conversation, and what the conversation says about jobs.
extension JobQueue {
    /// The newest known message in the conversation with a recipient, and since when all are known; nil before the
    /// first.
    func known(
        in conversation: String,
        with owner: DID
    ) async throws(LedgerError) -> (last: String?, since: UnixTime)? {
        try await database.read { database in
            try database.row(
                "SELECT last_message, known_since FROM conversation WHERE owner = \(owner) AND id = \(conversation)"
            ).map { try ($0.get("last_message"), $0.get("known_since")) }
        }
    }

    /// Notes that all messages of a conversation since a time are known, and the newest of them.
    func note(
        _ newest: String?,
        in conversation: String,
        with owner: DID,
        knownSince time: UnixTime,
        now: UnixTime
    ) async throws(LedgerError) {
        try await write(at: now) { try $0.know(newest, as: owner, in: conversation, since: time) }
    }

    /// The other account with which a conversation is known to be; nil for none.
    func otherOwner(of conversation: String, than owner: DID) async throws(LedgerError) -> DID? {
        let text: String? = try await database.read {
            try $0.value("SELECT owner FROM conversation WHERE id = \(conversation) AND owner <> \(owner) LIMIT 1")
        }
        return text.flatMap { try? DID($0) }
    }

    /// Forgets a conversation that proved to be with somebody else.
    func forgetConversation(with owner: DID) async throws(LedgerError) {
        try await database.write { try $0.run("DELETE FROM conversation WHERE owner = \(owner)") }
    }

    /// The sender's messages to a recipient that this ledger does not know.
    func unknown(_ messages: [String], to owner: DID) async throws(LedgerError) -> [String] {
        let list = JSONValue.array(messages.map { .string($0) }).encodedText
        return try await database.read { database in
            try database.values(
                """
                SELECT value FROM json_each(\(list)) WHERE value NOT IN
                    (SELECT message_id FROM message WHERE owner = \(owner) AND message_id IS NOT NULL)
                """
            )
        }
    }

    /// Whether a notice, or an answer, is known to have reached a recipient.
    func hasWritten(answer isAnswer: Bool = false, to owner: DID) async throws(LedgerError) -> Bool {
        let kinds = MessageKind.allCases.filter { $0.isAnswer == isAnswer }
        return try await database.read { database in
            try database.exists(
                """
                SELECT 1 FROM message WHERE owner = \(owner) AND state = \(MessageMachine.State.delivered)
                    AND kind IN \(kinds)
                """
            )
        }
    }

    /// The message in a conversation that these requests continue.
    ///
    /// It told its recipient of the nearest record on the way to the project. Nil when there is none, when it is not
    /// the same for all requests, or when the service did not find it the last time.
    func answered(by jobs: [Job], in conversation: String) async throws(LedgerError) -> String? {
        guard jobs.allSatisfy({ !$0.thread.isEmpty }) else { return nil }
        return try await database.read { database in
            var answered: String?
            for job in jobs {
                guard let owner = job.owner, let found = try database.message(telling: owner, job.thread, conversation),
                    answered == nil || answered == found,
                    try !database.exists(
                        """
                        SELECT 1 FROM attempt WHERE request = \(job.request) AND owner = \(owner)
                            AND reason = \(Reason.replyTargetNotFound)
                        """
                    )
                else { return nil }
                answered = found
            }
            return answered
        }
    }

    /// Whether a message of the sender's is known, or may be one that is in doubt.
    func knows(_ message: String, in conversation: String) async throws(LedgerError) -> Bool {
        try await database.read { database in
            try database.exists(
                """
                SELECT 1 FROM conversation JOIN message USING (owner) WHERE conversation.id = \(conversation)
                    AND (last_message = \(message) OR message_id = \(message) OR message_id IS NULL)
                """
            )
        }
    }

    /// Stores what a conversation says about jobs before they are sent: which were told, and which may have been.
    func settle(told: [Int64], possiblyTold: [Int64], now: UnixTime) async throws(LedgerError) -> Applied {
        try await applied(at: now) { transaction in
            try transaction.noteTold(told)
            for job in possiblyTold {
                let note = Attempt(.readMessages, outcome: "undecided", reason: .possiblyTold)
                try transaction.apply(.possiblyTold, toJob: job, note)
            }
        }
    }
}

extension Database {
    /// The message that told somebody of the first of these records that they were told of.
    fileprivate func message(telling owner: DID, _ records: [ATURI], _ conversation: String) throws -> String? {
        for uri in records {
            let message: String? = try value(
                """
                SELECT message_id FROM request CROSS JOIN job ON job.request = request.id AND job.owner = \(owner)
                    CROSS JOIN message ON message.id = job.message
                WHERE uri = \(uri) AND job.state = \(JobState.delivered) AND conversation = \(conversation)
                    AND message_id IS NOT NULL
                """
            )
            if let message { return message }
        }
        return nil
    }
}
