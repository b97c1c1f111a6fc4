internal import ATProtocol
internal import GRDB

extension Ledger {
    /// Moves on what has waited for its owner long enough: to another try, or to its end.
    ///
    /// - Returns: the change requests that end.
    func wakeDeferred(now: Double) async throws(LedgerError) -> [Job] {
        try await write { database in
            let expired = try Row.fetchAll(
                database,
                sql: "SELECT \(Job.columns) FROM job WHERE state = 'deferred' AND wait_until <= ?",
                arguments: [now]
            ).map(Job.init(row:))
            for job in expired {
                var machine = DeliveryMachine(state: .deferred)
                _ = machine.handle(.waitExpired)
                try database.execute(
                    sql: "UPDATE job SET state = ?, reason = ?, updated_at = ? WHERE id = ?",
                    arguments: [machine.state.rawValue, machine.reason?.rawValue, now, job.id]
                )
            }
            try database.execute(
                sql: """
                    UPDATE job SET state = 'queued', updated_at = ?
                    WHERE state = 'deferred' AND due_at <= ? AND reason = 'owner-disabled-messages'
                    """,
                arguments: [now, now]
            )
            try database.execute(
                sql: """
                    UPDATE job SET state = 'lookup', owner = NULL, updated_at = ?
                    WHERE state = 'deferred' AND due_at <= ? AND reason = 'repository-inactive'
                    """,
                arguments: [now, now]
            )
            return expired
        }
    }

    /// Owners whose follow is waited for and who are to be asked after now, longest waiting first.
    func ownersAwaitingFollow(limit: Int, now: Double) async throws(LedgerError) -> [DID] {
        try await read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT owner FROM job WHERE state = 'deferred' AND due_at <= ? AND owner IS NOT NULL
                        AND reason IN ('owner-does-not-follow', 'owner-not-following', 'relationship-unknown')
                    GROUP BY owner ORDER BY min(due_at) LIMIT ?
                    """,
                arguments: [now, limit]
            ).map { try DID($0) }
        }
    }

    /// When the next owner is to be asked after, in seconds since the Unix epoch.
    func nextFollowCheck() async throws(LedgerError) -> Double? {
        try await read { database in
            try Double.fetchOne(
                database,
                sql: """
                    SELECT min(due_at) FROM job WHERE state = 'deferred'
                        AND reason IN ('owner-does-not-follow', 'owner-not-following', 'relationship-unknown')
                    """
            )
        }
    }

    /// Queues what waited for these owners' follow.
    func followed(_ owners: Set<DID>, dueAt: Double, now: Double) async throws(LedgerError) {
        try await changeWaiting(
            owners,
            "state = 'queued', reason = NULL, detail = NULL, wait_until = NULL",
            dueAt: dueAt,
            now: now
        )
    }

    /// Lets what waited for these owners' follow be proven before it is queued: long ago it was told of.
    func followedUnproven(_ owners: Set<DID>, now: Double) async throws(LedgerError) {
        try await changeWaiting(
            owners,
            "state = 'lookup', reason = NULL, detail = NULL, wait_until = NULL, attempts = 0",
            dueAt: now,
            now: now
        )
    }

    /// Lets what waits for these owners' follow wait on.
    ///
    /// - Returns: the jobs of which it was not known until now that their owners do not follow.
    func notFollowed(_ owners: Set<DID>, dueAt: Double, now: Double) async throws(LedgerError) -> [Job] {
        let unknown = try await read { database in
            try owners.flatMap { owner in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT \(Job.columns) FROM job
                        WHERE state = 'deferred' AND reason = 'relationship-unknown' AND owner = ? ORDER BY id
                        """,
                    arguments: [owner.text]
                ).map(Job.init(row:))
            }
        }
        try await changeWaiting(
            owners,
            "reason = CASE reason WHEN 'relationship-unknown' THEN 'owner-not-following' ELSE reason END",
            dueAt: dueAt,
            now: now
        )
        return unknown
    }

    /// Asks again later: nothing was found out about these owners.
    func relationshipsUnknown(_ owners: Set<DID>, dueAt: Double, now: Double) async throws(LedgerError) {
        try await changeWaiting(owners, "detail = 'the AppView did not answer'", dueAt: dueAt, now: now)
    }

    private func changeWaiting(
        _ owners: Set<DID>,
        _ assignments: String,
        dueAt: Double,
        now: Double
    ) async throws(LedgerError) {
        try await write { database in
            for owner in owners {
                try database.execute(
                    sql: """
                        UPDATE job SET \(assignments), due_at = ?, updated_at = ?
                        WHERE state = 'deferred' AND owner = ?
                            AND reason IN ('owner-does-not-follow', 'owner-not-following', 'relationship-unknown')
                        """,
                    arguments: [dueAt, now, owner.text]
                )
            }
        }
    }
}
