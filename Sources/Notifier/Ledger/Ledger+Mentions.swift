internal import ATProtocol
internal import GRDB

/// Whose turn it is to be mentioned.
enum MentionTurn: Sendable, Equatable {
    /// Nobody's.
    case nobody
    /// Nobody's before this time, in seconds since the Unix epoch.
    case waits(until: Double)
    /// The owner of this request; it is `sending` from now on.
    case post(Job)
    /// Nobody's: the request for which somebody was to be mentioned was called off.
    case calledOff(Job)
}

// A request that is `sending` without a message is one whose owner is being mentioned. It keeps the reason for which it was
// deferred, so that it can go back.
extension Ledger {
    /// The next owner to be mentioned; their request is marked before anything leaves (invariant 3).
    ///
    /// A post that may have been made already comes first: to make it again does no harm. Authors take turns.
    func nextMention(_ configuration: MentionConfiguration, now: Double) async throws(LedgerError) -> MentionTurn {
        try await write { database in
            if let job = try database.mentionUnderWay("withdrawal IS NOT NULL") {
                try database.execute(
                    sql: "UPDATE job SET state = 'dropped', reason = withdrawal, updated_at = ? WHERE id = ?",
                    arguments: [now, job.id]
                )
                return .calledOff(try database.job(job.id) ?? job)
            }
            if let job = try database.mentionUnderWay("TRUE") { return .post(job) }
            guard configuration.isEnabled else { return .nobody }
            let limits = [(configuration.interval.inSeconds, 0), (86_400, configuration.dailyLimit - 1)]
            let free = try limits.compactMap { window, offset in
                try Double.fetchOne(
                    database,
                    sql: """
                        SELECT due_at FROM job WHERE state = 'delivered' AND reason = 'mention-posted' AND due_at > ?
                        ORDER BY due_at DESC LIMIT 1 OFFSET ?
                        """,
                    arguments: [now - window, offset]
                ).map { $0 + window }
            }
            if let until = free.max() { return .waits(until: until) }
            let owners = configuration.owners.map(\.text)
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT \(Job.columns) FROM job WHERE state = 'deferred'
                        AND owner IN (\(databaseQuestionMarks(count: owners.count)))
                        AND owner NOT IN (SELECT did FROM suppression)
                        AND reason IN ('owner-does-not-follow', 'owner-not-following', 'owner-disabled-messages')
                        AND NOT EXISTS (SELECT 1 FROM attempt
                            WHERE attempt.job = job.id AND phase = 'post-mention' AND outcome IN ('drop', 'skip'))
                    ORDER BY (SELECT count(*) FROM job AS told WHERE told.state = 'delivered'
                        AND told.reason = 'mention-posted' AND told.due_at > ? AND told.author = job.author), id LIMIT 1
                    """,
                arguments: StatementArguments(owners) + [now - 86_400]
            )
            guard let row else { return .nobody }
            let job = try Job(row: row)
            try database.execute(
                sql: "UPDATE job SET state = 'sending', updated_at = ? WHERE id = ?",
                arguments: [now, job.id]
            )
            return .post(job)
        }
    }

    /// Stores that the owner of a request was mentioned.
    func mentioned(_ job: Job, _ post: String, now: Double) async throws(LedgerError) {
        try await write { database in
            var note = AttemptNote(.postMention, outcome: JobState.delivered.rawValue)
            note.detail = post
            try database.note(note, jobs: [job.id], delivery: nil, now: now)
            try database.execute(
                sql: """
                    UPDATE job SET state = 'delivered', reason = ?, detail = ?, due_at = ?, updated_at = ?
                    WHERE id = ? AND state = 'sending'
                    """,
                arguments: [Reason.mentionPosted.rawValue, post, now, now, job.id]
            )
        }
    }

    /// Stores that a post was not made, or that nobody knows; who was in doubt once stays so until the post is seen.
    func mentionFailed(
        _ job: Job,
        _ note: AttemptNote,
        _ certainty: MentionCertainty,
        now: Double
    ) async throws(LedgerError) {
        try await write { database in
            try database.note(note, jobs: [job.id], delivery: nil, now: now)
            try database.execute(
                sql: """
                    UPDATE job SET sends = sends + ?1, updated_at = ?2, state = CASE
                        WHEN withdrawal IS NULL AND (?3 OR sends + ?1 = 0) THEN 'deferred' ELSE state END
                    WHERE id = ?4 AND state = 'sending'
                    """,
                arguments: [certainty == .unknown ? 1 : 0, now, certainty == .impossible, job.id]
            )
        }
    }

    /// Takes up what was under way when the process ended: it may be posted already, but for owners who are not to be
    /// mentioned any more, who wait again.
    func recoverMentions(of owners: Set<DID>, now: Double) async throws(LedgerError) {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE job SET sends = sends + 1, updated_at = ?, state = CASE
                        WHEN withdrawal IS NOT NULL OR owner IN (\(databaseQuestionMarks(count: owners.count))) THEN state
                        ELSE 'deferred' END
                    WHERE state = 'sending' AND delivery IS NULL
                    """,
                arguments: [now] + StatementArguments(owners.map(\.text))
            )
        }
    }
}

/// What a failure says about a post.
enum MentionCertainty: Sendable {
    /// This try did not make it.
    case refused
    /// This try may have made it.
    case unknown
    /// No try can have made it.
    case impossible
}

extension Database {
    fileprivate func job(_ id: Int64) throws -> Job? {
        try Row.fetchOne(self, sql: "SELECT \(Job.columns) FROM job WHERE id = ?", arguments: [id]).map(Job.init(row:))
    }

    fileprivate func mentionUnderWay(_ condition: String) throws -> Job? {
        try Row.fetchOne(
            self,
            sql: """
                SELECT \(Job.columns) FROM job WHERE state = 'sending' AND delivery IS NULL AND \(condition)
                ORDER BY id LIMIT 1
                """
        ).map(Job.init(row:))
    }
}
