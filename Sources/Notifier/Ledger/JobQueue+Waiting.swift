internal import ATProtocol
internal import GRDB

extension JobQueue {
    /// Lets what has waited long enough go on: to another try, or to its end.
    func wakeDue(now: Double) async throws(LedgerError) -> Applied {
        let follow = Reason.awaiting(.follow)
        return try await write(at: now) { transaction in
            var result = Applied()
            let database = transaction.database
            for job in try Int64.fetchAll(
                database,
                sql: "SELECT id FROM job WHERE state = ? AND wait_until <= ? LIMIT ?",
                arguments: [JobState.deferred.rawValue, now, LedgerTransaction.batch]
            ) { try transaction.apply(.waitExpired, toJob: job, into: &result) }
            for request in try Int64.fetchAll(
                database,
                sql: "SELECT id FROM request WHERE state = ? AND wait_until <= ? AND jobs = 0 AND reason = ? LIMIT ?",
                arguments: [
                    RequestMachine.State.lookup.rawValue, now, Reason.repositoryInactive.rawValue,
                    LedgerTransaction.batch,
                ]
            ) { try transaction.apply(.waitExpired, toRequest: request, into: &result) }
            // Those who wait for a follow are asked after first.
            for job in try Int64.fetchAll(
                database,
                sql: """
                    SELECT id FROM job WHERE state = ? AND due_at <= ?
                        AND reason NOT IN (\(databaseQuestionMarks(count: follow.count))) LIMIT ?
                    """,
                arguments: [JobState.deferred.rawValue, now] + StatementArguments(follow) + [LedgerTransaction.batch]
            ) { try transaction.apply(.wakened, toJob: job, into: &result) }
            return result
        }
    }

    /// Owners whose follow is waited for and who are to be asked after now, longest waiting first.
    func ownersAwaitingFollow(limit: Int, now: Double) async throws(LedgerError) -> [DID] {
        let follow = Reason.awaiting(.follow)
        return try await database.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT owner FROM job WHERE state = ? AND due_at <= ?
                        AND reason IN (\(databaseQuestionMarks(count: follow.count)))
                    GROUP BY owner ORDER BY min(due_at) LIMIT ?
                    """,
                arguments: [JobState.deferred.rawValue, now] + StatementArguments(follow) + [limit]
            ).map { try DID($0) }
        }
    }

    /// When the next owner is to be asked after, in seconds since the Unix epoch.
    func nextFollowCheck() async throws(LedgerError) -> Double? {
        let follow = Reason.awaiting(.follow)
        return try await database.read { database in
            try Double.fetchOne(
                database,
                sql: """
                    SELECT min(due_at) FROM job WHERE state = ?
                        AND reason IN (\(databaseQuestionMarks(count: follow.count)))
                    """,
                arguments: [JobState.deferred.rawValue] + StatementArguments(follow)
            )
        }
    }

    /// Applies an event to everything that waits for the follow of these owners.
    func applyToAwaiting(
        _ owners: Set<DID>,
        _ event: JobMachine.Event,
        wait: Double = 0,
        now: Double
    ) async throws(LedgerError) -> Applied {
        try await write(at: now) { transaction in
            var result = Applied()
            for owner in owners {
                for job in try transaction.awaitingFollow(of: owner) {
                    try transaction.apply(event, toJob: job, wait: wait, into: &result)
                }
            }
            return result
        }
    }

    /// Asks after these owners again later.
    func askAgain(about owners: Set<DID>, in wait: Double, now: Double) async throws(LedgerError) {
        try await write(at: now) { transaction in
            for owner in owners {
                for job in try transaction.awaitingFollow(of: owner) {
                    try transaction.database.execute(
                        sql: "UPDATE job SET due_at = ? WHERE id = ?",
                        arguments: [now + wait, job]
                    )
                }
            }
        }
    }
}

extension LedgerTransaction {
    fileprivate func awaitingFollow(of owner: DID) throws -> [Int64] {
        let follow = Reason.awaiting(.follow)
        return try Int64.fetchAll(
            database,
            sql: """
                SELECT id FROM job WHERE owner = ? AND state = ?
                    AND reason IN (\(databaseQuestionMarks(count: follow.count))) ORDER BY id
                """,
            arguments: [owner.text, JobState.deferred.rawValue] + StatementArguments(follow)
        )
    }
}

extension Reason {
    /// The reasons for which something waits until this comes to pass, as they stand in rows.
    static func awaiting(_ wait: Wait) -> [String] { allCases.filter { $0.waits == wait }.map(\.rawValue) }
}
