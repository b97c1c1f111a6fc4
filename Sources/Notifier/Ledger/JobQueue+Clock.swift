internal import GRDB
internal import LedgerStorage
internal import Network

// The machine's clock may be wrong, and set while rows wait: it neither prolongs a wait beyond its longest nor ends anything
// for good (invariant 12).
extension JobQueue {
    /// Corrects a batch of rows that wait longer than anything may, and of those that were due before the clock was set back.
    ///
    /// - Parameters:
    ///   - before: the time by the clock as it was; nil when nobody set it.
    ///   - now: the time.
    /// - Returns: whether there may be more.
    /// - Throws: ``LedgerError``.
    func correctWaits(before: UnixTime?, now: UnixTime) async throws(LedgerError) -> Bool {
        try await write(at: now) { transaction in
            let changes = transaction.database.totalChangesCount
            for wait in transaction.timetable.waits where transaction.database.totalChangesCount == changes {
                if let before { try transaction.correct(wait, "due_at > \(now) AND due_at <= \(before)", to: "\(now)") }
                // What was written in the future was written by a clock that was ahead: it waits as long as it was to wait.
                if !wait.isOfMessage {
                    let own: SQL = "\(now) + min(\(wait.longest), due_at - updated_at), updated_at = \(now)"
                    try transaction.correct(wait, "updated_at > \(now) AND +due_at > \(now)", to: own)
                }
                try transaction.correct(
                    wait,
                    "due_at > \(now + wait.longest)",
                    to: "\(now + (wait.isOfMessage ? transaction.timetable.settle : wait.longest))"
                )
            }
            // What was noted by a clock that was ahead begins now.
            for dated in [Dated.failures, .queued] {
                let (table, column) = dated.place
                try transaction.database.run(
                    """
                    UPDATE \(sql: table) SET \(sql: column) = \(now) WHERE id IN
                        (SELECT id FROM \(sql: table) WHERE \(sql: column) > \(now) LIMIT \(LedgerTransaction.batch))
                    """
                )
            }
            let next = now + transaction.timetable.follow
            try transaction.database.run(
                """
                UPDATE recipient SET ask_at = \(next) WHERE did IN
                    (SELECT did FROM recipient WHERE ask_at > \(next) LIMIT \(LedgerTransaction.batch))
                """
            )
            return transaction.database.totalChangesCount > changes
        }
    }

    /// What is reckoned from its date: what was sent in the last day, for the limits, and what has failed or been queued since
    /// then.
    enum Dated: CaseIterable {
        case messages, openings, failures, queued

        fileprivate var place: (table: String, column: String) {
            switch self {
            case .messages: ("message", "sent_at")
            case .openings: ("opening", "sent_at")
            case .failures: ("request", "failing_since")
            case .queued: ("job", "queued_at")
            }
        }

        fileprivate func begin(before time: UnixTime) -> UnixTime {
            switch self {
            case .messages, .openings: time - .seconds(86_400)
            case .failures, .queued: UnixTime(microseconds: 0)
            }
        }
    }

    /// Dates what was dated before the clock was set as the clock is now, so that it counts as before: a batch of it behind a
    /// row; the last of the batch, nil when there is no more.
    func correct(
        _ dated: Dated,
        before: UnixTime,
        by length: Duration,
        after last: Int64,
        now: UnixTime
    ) async throws(LedgerError) -> Int64? {
        try await write(at: now) { transaction in
            let (table, column) = dated.place
            let rows: [Int64] = try transaction.database.values(
                """
                SELECT id FROM \(sql: table) WHERE id > \(last) AND \(sql: column) > \(dated.begin(before: before))
                    AND \(sql: column) <= \(before) ORDER BY id LIMIT \(LedgerTransaction.rows)
                """
            )
            for id in rows {
                try transaction.database.run(
                    "UPDATE \(sql: table) SET \(sql: column) = \(sql: column) + \(length) WHERE id = \(id)"
                )
            }
            return rows.last
        }
    }
}

extension LedgerTransaction {
    /// Lets a batch of rows be due at a time, and wait for their recipients no longer than allowed from now on.
    fileprivate func correct(_ wait: Timetable.Wait, _ condition: SQL, to due: SQL) throws {
        let end: SQL =
            wait.isOfMessage ? "" : ", wait_until = min(wait_until, \(now + timetable.expiry))"
        try database.run(
            """
            UPDATE \(sql: wait.table) SET due_at = \(due)\(end) WHERE id IN
                (SELECT id FROM \(sql: wait.table) WHERE \(wait.rows) AND \(condition) LIMIT \(Self.batch))
            """
        )
    }
}

extension Timetable {
    /// Rows that wait, and for how long at most.
    fileprivate struct Wait {
        let table: String
        let rows: SQL
        let longest: Duration
        /// Messages wait until they are settled, and for nobody; no row says since when.
        var isOfMessage: Bool { table == "message" }
    }

    fileprivate var waits: [Wait] {
        let (follow, limit) = (Reason.awaiting(.follow), Reason.awaiting(.limit))
        let tries = max(sending.longest, settle, Verdict.longestWait)
        let waiting = [JobState.deferred, .posting]
        return [
            Wait(
                table: "request",
                rows: "state = \(RequestMachine.State.lookup)",
                longest: max(lookup.longest, Verdict.longestWait)
            ),
            Wait(
                table: "job",
                rows: "state = \(JobState.queued) AND coalesce(reason, '') NOT IN \(limit)",
                longest: tries
            ),
            // Many wait for one limit, a window after the other.
            Wait(table: "job", rows: "state = \(JobState.queued) AND reason IN \(limit)", longest: expiry),
            Wait(table: "job", rows: "state IN \(waiting) AND reason NOT IN \(follow)", longest: max(setting, tries)),
            // They are due when their wait ends.
            Wait(table: "job", rows: "state IN \(waiting) AND reason IN \(follow)", longest: expiry),
            Wait(table: "message", rows: "state = \(MessageMachine.State.verify)", longest: tries),
        ]
    }
}
