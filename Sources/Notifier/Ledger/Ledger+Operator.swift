public import ATProtocol
internal import GRDB

extension Ledger {
    /// What an operator may do with a change request.
    public enum OperatorAction: Sendable {
        /// Try it again; a message in doubt is looked for in the conversation first.
        case retry
        /// Send nothing more about it.
        case drop
    }

    /// Carries out an operator's decision about every job of a change request.
    ///
    /// A message that is under way is left alone: the daemon is working on it this moment.
    ///
    /// - Parameters:
    ///   - action: what is decided.
    ///   - uri: the change request.
    ///   - now: seconds since the Unix epoch.
    /// - Returns: the jobs that changed, as they are now.
    /// - Throws: ``LedgerError``.
    public func carryOut(
        _ action: OperatorAction,
        about uri: ATURI,
        now: Double
    ) async throws(LedgerError) -> [Job] {
        try await write { database in
            let jobs = try Row.fetchAll(
                database,
                sql: "SELECT \(Job.columns) FROM job WHERE uri = ?",
                arguments: [uri.text]
            ).map(Job.init(row:))
            var changed: [Int64] = []
            for job in jobs {
                let isChanged =
                    switch action {
                    case .retry: try database.retry(job, now: now)
                    case .drop: try database.drop(job, now: now)
                    }
                if isChanged { changed.append(job.id) }
            }
            return try changed.compactMap { id in
                try Row.fetchOne(database, sql: "SELECT \(Job.columns) FROM job WHERE id = ?", arguments: [id])
                    .map(Job.init(row:))
            }
        }
    }

    /// Everything that is known about a change request.
    ///
    /// - Throws: ``LedgerError``.
    public func history(of uri: ATURI) async throws(LedgerError) -> RequestHistory {
        try await read { database in
            func rows(_ sql: String) throws -> [Row] { try Row.fetchAll(database, sql: sql, arguments: [uri.text]) }
            return RequestHistory(
                uri: uri,
                sightings: try rows("SELECT * FROM sighting WHERE uri = ? ORDER BY id").map { row in
                    .init(
                        operation: row["operation"],
                        rev: row["rev"],
                        cid: row["cid"],
                        host: row["host"],
                        wire: row["wire"],
                        position: row["position"],
                        seenAt: row["seen_at"]
                    )
                },
                jobs: try rows("SELECT \(Job.columns) FROM job WHERE uri = ? ORDER BY id").map(Job.init(row:)),
                attempts: try rows(
                    "SELECT attempt.* FROM attempt JOIN job ON job.id = attempt.job WHERE job.uri = ? ORDER BY attempt.id"
                ).map { row in
                    .init(
                        at: row["at"],
                        phase: row["phase"],
                        outcome: row["outcome"],
                        reason: row.reason("reason"),
                        status: row["status"],
                        error: row["error"],
                        detail: row["detail"],
                        nextAt: row["next_at"]
                    )
                },
                messages: try rows(
                    """
                    SELECT DISTINCT delivery.* FROM delivery JOIN attempt ON attempt.delivery = delivery.id
                    JOIN job ON job.id = attempt.job WHERE job.uri = ? ORDER BY delivery.id
                    """
                ).map { row in
                    .init(
                        conversation: row["conversation"],
                        marker: row["marker"],
                        sends: row["sends"],
                        sentAt: row["sent_at"],
                        messageID: row["message_id"]
                    )
                }
            )
        }
    }
}

extension Database {
    fileprivate func retry(_ job: Job, now: Double) throws -> Bool {
        if job.state == .uncertain, let id = job.delivery, var delivery = try delivery(id) {
            guard delivery.machine.handle(.retried) == [.scan] else { return false }
            try settle(delivery, sent: nil, dueAt: now, waitUntil: nil, now: now)
            return true
        }
        var machine = DeliveryMachine(state: job.state)
        guard !machine.handle(.retried).isEmpty else { return false }
        try execute(
            sql: """
                UPDATE job SET state = ?, reason = ?, detail = NULL, withdrawal = NULL, delivery = NULL, attempts = 0,
                    due_at = ?, wait_until = NULL, owner = CASE ? WHEN 'lookup' THEN NULL ELSE owner END,
                    updated_at = ? WHERE id = ?
                """,
            arguments: [
                machine.state.rawValue, machine.reason?.rawValue, now, machine.state.rawValue, now, job.id,
            ]
        )
        return true
    }

    fileprivate func drop(_ job: Job, now: Double) throws -> Bool {
        switch job.state {
        case .delivered, .dropped: return false
        case .uncertain:
            // The withdrawal stays with it: a retry of another request of the same message must not bring it back.
            try execute(
                sql: "UPDATE job SET state = 'dropped', reason = ?, withdrawal = ?, updated_at = ? WHERE id = ?",
                arguments: [Reason.operatorDecision.rawValue, Reason.operatorDecision.rawValue, now, job.id]
            )
        case .lookup, .queued, .deferred, .sending, .verify:
            var result = IntakeResult()
            try withdraw("id = ?", [job.id], .operatorDecision, now: now, into: &result)
        }
        return true
    }
}
