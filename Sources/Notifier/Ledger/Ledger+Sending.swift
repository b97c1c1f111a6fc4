internal import ATProtocol
internal import GRDB

extension Ledger {
    /// Writes a message down before it is sent (invariant 3); nil when a job was called off meanwhile.
    ///
    /// Its author, by whom limits are reckoned, is the one whose turn it was.
    func begin(
        _ message: ComposedMessage,
        to owner: DID,
        by author: DID,
        in conversation: Conversation,
        jobs: [Job],
        machine: DeliveryMachine,
        now: Double
    ) async throws(LedgerError) -> Delivery? {
        try await write { database in
            let ids = jobs.map { String($0.id) }.joined(separator: ",")
            // The revision before the first send of any of these jobs: what came later may be theirs.
            let earlier = try String.fetchOne(
                database,
                sql: """
                    SELECT min(delivery.baseline) FROM delivery JOIN attempt ON attempt.delivery = delivery.id
                    WHERE attempt.job IN (\(ids)) AND delivery.conversation = ? AND attempt.outcome = 'verify'
                    """,
                arguments: [conversation.id]
            )
            let baseline = min(earlier ?? conversation.rev, conversation.rev)
            var id: Int64 = 0
            var isComplete = false
            try database.inSavepoint {
                try database.execute(
                    sql: """
                        INSERT INTO delivery (owner, author, state, marker, message, conversation, baseline, sends,
                            maximum_sends, due_at, created_at, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        owner.text, author.text, machine.state.rawValue, message.marker,
                        message.input.encodedText, conversation.id, baseline, machine.sends, machine.maximumSends, now,
                        now, now,
                    ]
                )
                id = database.lastInsertedRowID
                try database.execute(
                    sql: """
                        UPDATE job SET state = ?, reason = NULL, detail = NULL, delivery = ?, sends = ?, updated_at = ?
                        WHERE id IN (\(ids)) AND state = 'queued'
                        """,
                    arguments: [machine.state.rawValue, id, machine.sends, now]
                )
                isComplete = database.changesCount == jobs.count
                return isComplete ? .commit : .rollback
            }
            guard isComplete else { return nil }
            try database.execute(
                sql: """
                    INSERT INTO conversation (id, owner, rev, opened_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (owner) DO UPDATE SET id = excluded.id, rev = excluded.rev
                    """,
                arguments: [conversation.id, owner.text, conversation.rev, now]
            )
            return try database.delivery(id)
        }
    }

    /// Stores where a message stands now, its machine being in the new state already, and its jobs with it.
    func settle(
        _ delivery: Delivery,
        sent: SentMessage? = nil,
        dueAt: Double,
        waitUntil: Double? = nil,
        note: AttemptNote,
        now: Double
    ) async throws(LedgerError) {
        try await write { database in
            try database.note(note, jobs: delivery.members.map(\.id), delivery: delivery.id, now: now)
            try database.settle(delivery, sent: sent, dueAt: dueAt, waitUntil: waitUntil, now: now)
        }
    }

    /// Takes a message apart that is proven not to be in the conversation: some of its requests are gone.
    func dissolve(_ delivery: Delivery, note: AttemptNote, now: Double) async throws(LedgerError) {
        try await write { database in
            try database.note(note, jobs: delivery.members.map(\.id), delivery: delivery.id, now: now)
            try database.execute(
                sql: "UPDATE delivery SET state = 'dropped', reason = ? WHERE id = ?",
                arguments: [Reason.recordReplaced.rawValue, delivery.id]
            )
            try database.release(delivery.id, state: .queued, reason: .waiting, dueAt: now, waitUntil: nil, now: now)
        }
    }

    /// Stores that a message could not be begun.
    func giveBack(
        _ jobs: [Job],
        machine: DeliveryMachine,
        dueAt: Double,
        waitUntil: Double?,
        note: AttemptNote,
        now: Double
    ) async throws(LedgerError) {
        try await write { database in
            try database.note(note, jobs: jobs.map(\.id), delivery: nil, now: now)
            let ids = jobs.map { String($0.id) }.joined(separator: ",")
            try database.execute(
                sql: """
                    UPDATE job SET state = ?, reason = ?, detail = ?, attempts = attempts + 1, due_at = ?,
                        wait_until = coalesce(wait_until, ?), owner = CASE ? WHEN 'lookup' THEN NULL ELSE owner END,
                        updated_at = ?
                    WHERE id IN (\(ids)) AND state = 'queued'
                    """,
                arguments: [
                    machine.state.rawValue, machine.reason?.rawValue, note.detail, dueAt, waitUntil,
                    machine.state.rawValue, now,
                ]
            )
        }
    }

    /// The message in doubt whose conversation is to be read now; nil when there is none.
    func nextVerification(now: Double) async throws(LedgerError) -> Delivery? {
        try await read { database in
            let id = try Int64.fetchOne(
                database,
                sql: "SELECT id FROM delivery WHERE state = 'verify' AND due_at <= ? ORDER BY due_at LIMIT 1",
                arguments: [now]
            )
            return try id.flatMap { try database.delivery($0) }
        }
    }

    /// Turns every message that was under way when the process ended into one in doubt, to be verified when so many
    /// seconds have passed since it was sent.
    func recover(settle: Double, now: Double) async throws(LedgerError) -> Int {
        try await write { database in
            let ids = try Int64.fetchAll(database, sql: "SELECT id FROM delivery WHERE state = 'sending'")
            for id in ids {
                guard var delivery = try database.delivery(id) else { continue }
                _ = delivery.machine.handle(.restarted)
                try database.note(
                    AttemptNote(.sendMessage, outcome: Verdict.Action.verify.rawValue),
                    jobs: delivery.members.map(\.id),
                    delivery: id,
                    now: now
                )
                let sentAt = try Double.fetchOne(
                    database,
                    sql: "SELECT sent_at FROM delivery WHERE id = ?",
                    arguments: [id]
                )
                let due = min((sentAt ?? now) + settle, now + settle)
                try database.settle(delivery, sent: nil, dueAt: due, waitUntil: nil, now: now)
            }
            return ids.count
        }
    }

    /// How often this job failed for this reason.
    func occurrences(of reason: Reason, job: Int64) async throws(LedgerError) -> Int {
        try await read { database in
            try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM attempt WHERE job = ? AND reason = ?",
                arguments: [job, reason.rawValue]
            ) ?? 0
        }
    }

    /// When the last message was sent, in seconds since the Unix epoch.
    func lastSentAt() async throws(LedgerError) -> Double? {
        try await read { try Double.fetchOne($0, sql: "SELECT max(sent_at) FROM delivery") }
    }
}
