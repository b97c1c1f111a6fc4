internal import ATProtocol
internal import GRDB

extension Ledger {
    /// The next owner to be written to, with the jobs that one message may speak of; nil when nobody is due.
    ///
    /// Authors take turns: the one whose requests caused the fewest messages in the last hour comes first, so that a
    /// flood of one author delays nobody else by more than its own limit. Owners with a message in doubt wait.
    func nextTurn(
        policy: PolicyConfiguration,
        digest: DigestConfiguration,
        dailyLimit: Int,
        now: Double
    ) async throws(LedgerError) -> SendingTurn? {
        try await read { database in
            let head = try Row.fetchOne(
                database,
                sql: """
                    WITH recent AS (SELECT author, count(*) AS messages FROM delivery WHERE sent_at > ? GROUP BY author),
                        turn AS (SELECT job.id FROM job LEFT JOIN recent ON recent.author = job.author
                            WHERE state = 'queued' AND due_at <= ? AND owner NOT IN
                                (SELECT owner FROM delivery WHERE state IN ('sending', 'verify'))
                            ORDER BY coalesce(messages, 0), job.id LIMIT 1)
                    SELECT \(Job.columns) FROM job WHERE id = (SELECT id FROM turn)
                    """,
                arguments: [now - 3600, now]
            )
            guard let first = try head.map(Job.init(row:)), let owner = first.owner else { return nil }
            var jobs = [first]
            if digest.isEnabled {
                // Each author's first request before anybody's second: a flood must not push others off the list.
                jobs = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT \(Job.columns) FROM (
                            SELECT *, row_number() OVER (PARTITION BY author ORDER BY id) AS turn
                            FROM job WHERE state = 'queued' AND owner = ?)
                        ORDER BY sends DESC, turn, id LIMIT ?
                        """,
                    arguments: [owner.text, digest.maximumCounted]
                ).map(Job.init(row:))
            }
            let sends = try Int.fetchOne(
                database,
                sql: "SELECT max(sends) FROM job WHERE id IN (\(jobs.map { String($0.id) }.joined(separator: ",")))"
            )
            let limits = SendingLimits(
                isOwnerSuppressed: try database.isSuppressed(owner),
                authorFreeAt: try database.freeAt(
                    "author = ?",
                    [first.author.text],
                    limit: policy.authorHourlyLimit,
                    window: 3600,
                    now: now
                ),
                ownerHourFreeAt: try database.freeAt(
                    "owner = ?",
                    [owner.text],
                    limit: policy.ownerHourlyLimit,
                    window: 3600,
                    now: now
                ),
                ownerDayFreeAt: try database.freeAt(
                    "owner = ?",
                    [owner.text],
                    limit: policy.ownerDailyLimit,
                    window: 86_400,
                    now: now
                ),
                dayFreeAt: try database.freeAt("TRUE", [], limit: dailyLimit, window: 86_400, now: now),
                digestFreeAt: digest.isEnabled
                    ? try database.freeAt(
                        "owner = ?",
                        [owner.text],
                        limit: 1,
                        window: digest.window.inSeconds,
                        now: now
                    ) : nil
            )
            return SendingTurn(head: first, owner: owner, jobs: jobs, earlierSends: sends ?? 0, limits: limits)
        }
    }

    /// Lets every queued job of an author or owner wait for a limit.
    func postpone(
        author: DID? = nil,
        owner: DID? = nil,
        until: Double,
        reason: Reason,
        now: Double
    ) async throws(LedgerError) {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE job SET due_at = max(due_at, ?), reason = ?, updated_at = ?
                    WHERE state = 'queued' AND (author = ? OR owner = ?)
                    """,
                arguments: [until, reason.rawValue, now, author?.text, owner?.text]
            )
        }
    }

    /// When something is due next, in seconds since the Unix epoch; nil when nothing waits.
    func nextDue() async throws(LedgerError) -> Double? {
        try await read { database in
            try Double.fetchOne(
                database,
                sql: """
                    SELECT min(due) FROM (
                        SELECT min(due_at) AS due FROM job WHERE state = 'queued'
                        UNION ALL SELECT min(due_at) FROM delivery WHERE state = 'verify')
                    """
            )
        }
    }
}

extension Database {
    func isSuppressed(_ did: DID) throws -> Bool {
        try Bool.fetchOne(
            self,
            sql: "SELECT EXISTS (SELECT 1 FROM suppression WHERE did = ?)",
            arguments: [did.text]
        ) ?? false
    }

    // The message that must leave the window before another fits is the limit-th newest in it.
    fileprivate func freeAt(
        _ condition: String,
        _ arguments: StatementArguments,
        limit: Int,
        window: Double,
        now: Double
    ) throws -> Double? {
        try Double.fetchOne(
            self,
            sql: """
                SELECT sent_at FROM delivery WHERE \(condition) AND sent_at > ? AND sends > 0
                ORDER BY sent_at DESC LIMIT 1 OFFSET ?
                """,
            arguments: arguments + [now - window, max(0, limit - 1)]
        ).map { $0 + window }
    }
}
