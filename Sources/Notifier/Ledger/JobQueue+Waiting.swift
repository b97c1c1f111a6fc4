internal import ATProtocol
internal import GRDB

// What is deferred is due when it is to be tried again, or given up; what waits for a follow is due when it is given up, and
// when its recipient is asked after stands in one row, however much waits for them.
extension JobQueue {
    /// Lets a batch of what has waited long enough go on: to another try, or to its end; before it, what is being called off.
    func wakeDue(now: Double) async throws(LedgerError) -> Applied {
        try await write(at: now) { transaction in
            var result = Applied()
            if try transaction.callOffNext(into: &result) { return result }
            let due = try Row.fetchAll(
                transaction.database,
                sql: """
                    SELECT id, wait_until <= ?1 AS is_over FROM job WHERE state = ?2 AND due_at <= ?1
                    ORDER BY due_at LIMIT ?3
                    """,
                arguments: [now, JobState.deferred.rawValue, LedgerTransaction.batch]
            )
            for job in due {
                try transaction.apply(job["is_over"] == true ? .waitExpired : .wakened, toJob: job["id"], into: &result)
            }
            // An account that came back is found by the next look-up: only the end of the wait is somebody's business.
            let account = Reason.awaiting(.account)
            for request in try Int64.fetchAll(
                transaction.database,
                sql: """
                    SELECT id FROM request WHERE state = ? AND is_shown AND wait_until <= ?
                        AND reason IN (\(databaseQuestionMarks(count: account.count))) LIMIT ?
                    """,
                arguments: [RequestMachine.State.lookup.rawValue, now] + StatementArguments(account)
                    + [LedgerTransaction.batch]
            ) { try transaction.apply(.waitExpired, toRequest: request, into: &result) }
            return result
        }
    }

    /// When ``wakeDue(now:)`` finds something, in seconds since the Unix epoch.
    func nextWaking() async throws(LedgerError) -> Double? {
        try await database.read { database in
            try Double.fetchOne(
                database,
                sql: """
                    SELECT 0 FROM calling_off UNION ALL
                    SELECT * FROM (SELECT due_at FROM job WHERE state = ? ORDER BY due_at LIMIT 1) LIMIT 1
                    """,
                arguments: [JobState.deferred.rawValue]
            )
        }
    }

    /// Lets a batch of what waited for a follow go on whose recipients follow now.
    func wakeFollowers(now: Double) async throws(LedgerError) -> Applied {
        try await write(at: now) { transaction in
            var result = Applied()
            var room = LedgerTransaction.batch
            for owner in try transaction.awaited(follows: true, limit: room) where room > 0 {
                let jobs = try transaction.awaitingFollow(of: owner, limit: room)
                for job in jobs { try transaction.apply(.wakened, toJob: job, into: &result) }
                // The row stays while there may be more.
                if jobs.count < room { try transaction.ask(after: owner, at: nil) }
                room -= max(1, jobs.count)
            }
            return result
        }
    }

    /// Owners whose follow is waited for and who are to be asked after now: those of whom nothing is known, then the longest
    /// waiting.
    func ownersToAsk(limit: Int, now: Double) async throws(LedgerError) -> [DID] {
        try await write(at: now) { transaction in
            var owners: [DID] = []
            for follows in [nil, false] as [Bool?] {
                for owner in try transaction.awaited(follows: follows, limit: LedgerTransaction.batch)
                where owners.count < limit {
                    if try transaction.awaitingFollow(of: owner, limit: 1).isEmpty {
                        try transaction.ask(after: owner, at: nil)
                    } else {
                        owners.append(try DID(owner))
                    }
                }
            }
            return owners
        }
    }

    /// When ``ownersToAsk(limit:now:)`` or ``wakeFollowers(now:)`` finds something, in seconds since the Unix epoch; nil when
    /// nobody's follow is waited for.
    func nextQuestion() async throws(LedgerError) -> Double? {
        try await database.read { database in
            try [nil, false, true].compactMap { (follows: Bool?) -> Double? in
                try Double.fetchOne(
                    database,
                    sql:
                        "SELECT ask_at FROM recipient WHERE follows IS ? AND ask_at IS NOT NULL ORDER BY ask_at LIMIT 1",
                    arguments: [follows]
                )
            }.min()
        }
    }

    /// Stores who follows the sender, nil for those of whom the AppView says nothing; who does not is asked after again.
    func learn(_ answers: [(owner: DID, follows: Bool?)], now: Double) async throws(LedgerError) -> Applied {
        try await write(at: now) { transaction in
            var result = Applied()
            var room = LedgerTransaction.batch
            for (owner, follows) in answers {
                if let follows { try transaction.store(owner, follows: follows) }
                guard follows != true else { continue }
                // What is more than a batch is told why it waits when its recipient is asked after again.
                if follows == false, room > 0 {
                    let jobs = try transaction.awaitingFollow(of: owner.text, [.relationshipUnknown], limit: room)
                    for job in jobs {
                        try transaction.apply(
                            .admitted(.waits(.ownerNotFollowing)),
                            toJob: job,
                            wait: timetable.follow,
                            into: &result
                        )
                    }
                    room -= jobs.count
                }
                try transaction.ask(after: owner.text, at: now + timetable.follow)
            }
            return result
        }
    }
}

extension LedgerTransaction {
    /// Recipients who are waited for, of whom this is known and who are due, the longest waiting first.
    fileprivate func awaited(follows: Bool?, limit: Int) throws -> [String] {
        try String.fetchAll(
            database,
            sql: "SELECT did FROM recipient WHERE follows IS ? AND ask_at <= ? ORDER BY ask_at LIMIT ?",
            // Who follows is woken at once.
            arguments: [follows, follows == true ? .infinity : now, limit]
        )
    }

    fileprivate func awaitingFollow(
        of owner: String,
        _ reasons: [Reason] = Reason.allCases.filter { $0.waits == .follow },
        limit: Int
    ) throws -> [Int64] {
        try Int64.fetchAll(
            database,
            sql: """
                SELECT id FROM job WHERE owner = ? AND wait_until IS NOT NULL AND state = ?
                    AND reason IN (\(databaseQuestionMarks(count: reasons.count))) LIMIT ?
                """,
            arguments: [owner, JobState.deferred.rawValue] + StatementArguments(reasons.map(\.rawValue)) + [limit]
        )
    }
}

extension Reason {
    /// The reasons for which something waits until this comes to pass, as they stand in rows.
    static func awaiting(_ wait: Wait) -> [String] { allCases.filter { $0.waits == wait }.map(\.rawValue) }
}
