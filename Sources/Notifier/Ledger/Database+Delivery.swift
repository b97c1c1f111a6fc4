internal import ATProtocol
internal import GRDB

extension Database {
    func delivery(_ id: Int64) throws -> Delivery? {
        guard let row = try Row.fetchOne(self, sql: "SELECT * FROM delivery WHERE id = ?", arguments: [id]) else {
            return nil
        }
        let members = try Row.fetchAll(
            self,
            sql: "SELECT id, uri, rule, created_at, withdrawal FROM job WHERE delivery = ? ORDER BY id",
            arguments: [id]
        ).map { row in
            Delivery.Member(
                id: row["id"],
                uri: try ATURI(row["uri"]),
                rule: row["rule"],
                seenAt: row["created_at"],
                withdrawal: row.reason("withdrawal")
            )
        }
        let machine = DeliveryMachine(
            state: try row.state(),
            reason: row.reason("reason"),
            sends: row["sends"],
            maximumSends: row["maximum_sends"],
            withdrawal: row.reason("withdrawal")
        )
        return Delivery(
            id: id,
            owner: try DID(row["owner"]),
            marker: row["marker"],
            message: try JSONValue(parsing: row["message"] as String),
            conversation: row["conversation"],
            baseline: row["baseline"],
            machine: machine,
            attempts: row["attempts"],
            members: members
        )
    }

    func note(_ note: AttemptNote, jobs: [Int64], delivery: Int64?, now: Double) throws {
        for job in jobs {
            try execute(
                sql: """
                    INSERT INTO attempt (job, delivery, at, phase, outcome, reason, status, error, detail, next_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    job, delivery, now, note.phase.rawValue, note.outcome, note.reason?.rawValue, note.status,
                    note.error, note.detail, note.nextAt,
                ]
            )
        }
    }

    func settle(
        _ delivery: Delivery,
        sent: SentMessage?,
        dueAt: Double,
        waitUntil: Double?,
        now: Double
    ) throws {
        let machine = delivery.machine
        let isGivenBack = machine.state.isBeforeSending
        // `withdrawal` is not written: it may have come in since the delivery was read.
        try execute(
            sql: """
                UPDATE delivery SET state = ?, reason = ?, sends = ?, maximum_sends = ?, attempts = ?, due_at = ?,
                    conversation = ?, sent_at = CASE ? WHEN 'sending' THEN ? ELSE sent_at END,
                    message_id = coalesce(?, message_id), message_rev = coalesce(?, message_rev)
                WHERE id = ?
                """,
            arguments: [
                (isGivenBack ? JobState.dropped : machine.state).rawValue, machine.reason?.rawValue, machine.sends,
                machine.maximumSends, delivery.attempts, dueAt, delivery.conversation, machine.state.rawValue, now,
                sent?.id, sent?.rev, delivery.id,
            ]
        )
        if isGivenBack {
            try release(
                delivery.id,
                state: machine.state,
                reason: machine.reason,
                dueAt: dueAt,
                waitUntil: waitUntil,
                now: now
            )
        } else {
            try execute(
                sql: """
                    UPDATE job SET state = ?, reason = ?, detail = NULL, sends = ?, due_at = ?, updated_at = ?
                    WHERE delivery = ?
                    """,
                arguments: [
                    machine.state.rawValue, machine.reason?.rawValue, machine.sends, dueAt, now, delivery.id,
                ]
            )
        }
    }

    /// Takes the jobs out of a message that was not sent: those that were called off end, the others go on.
    func release(
        _ delivery: Int64,
        state: JobState,
        reason: Reason?,
        dueAt: Double,
        waitUntil: Double?,
        now: Double
    ) throws {
        let sends = try Int.fetchOne(self, sql: "SELECT sends FROM delivery WHERE id = ?", arguments: [delivery]) ?? 0
        try execute(
            sql: """
                UPDATE job SET state = 'dropped', reason = withdrawal, delivery = NULL, updated_at = ?
                WHERE delivery = ? AND withdrawal IS NOT NULL
                """,
            arguments: [now, delivery]
        )
        try execute(
            sql: """
                UPDATE job SET state = ?, reason = ?, delivery = NULL, sends = ?, attempts = attempts + 1, due_at = ?,
                    wait_until = coalesce(wait_until, ?), owner = CASE ? WHEN 'lookup' THEN NULL ELSE owner END,
                    updated_at = ?
                WHERE delivery = ?
                """,
            arguments: [state.rawValue, reason?.rawValue, sends, dueAt, waitUntil, state.rawValue, now, delivery]
        )
    }
}
