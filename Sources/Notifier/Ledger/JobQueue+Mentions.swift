internal import ATProtocol
internal import GRDB

/// Whose turn it is to be mentioned.
enum MentionCandidate: Sendable {
    /// Nobody's.
    case nobody
    /// Nobody's before this time, in seconds since the Unix epoch.
    case waits(until: Double)
    /// The owner of this request, with the time when it was first seen; it is ``JobState/posting`` from now on.
    case post(Job)
    /// Nobody's: the request for which somebody was to be mentioned was called off.
    case calledOff(Applied)
}

extension JobQueue {
    /// The next owner to be mentioned; their request is marked before anything leaves (invariant 3).
    ///
    /// A post that may have been made already comes first: to make it again does no harm. Authors take turns.
    func nextMention(
        _ configuration: MentionConfiguration,
        now: Double
    ) async throws(LedgerError) -> MentionCandidate {
        try await write(at: now) { transaction in
            if let job = try transaction.mentionUnderWay() {
                var result = Applied()
                let isOver = try transaction.apply(.mentionBegun, toJob: job.id, into: &result)
                return isOver ? .calledOff(result) : .post(job)
            }
            guard configuration.isEnabled else { return .nobody }
            let limits = [(configuration.interval.inSeconds, 1), (86_400, configuration.dailyLimit)]
            let free = try limits.compactMap { window, limit in
                try transaction.mentionFreeAt(limit: limit, window: window)
            }
            if let until = free.max() { return .waits(until: until) }
            guard let job = try transaction.nextMention(of: configuration.owners) else { return .nobody }
            var silent = Applied()
            try transaction.apply(.mentionBegun, toJob: job.id, into: &silent)
            return .post(job)
        }
    }

    /// Takes up what was under way when the process ended: it may be posted already, but for owners who are not to be
    /// mentioned any more, who wait again.
    func recoverMentions(of owners: Set<DID>, now: Double) async throws(LedgerError) {
        try await write(at: now) { transaction in
            var silent = Applied()
            for row in try Row.fetchAll(
                transaction.database,
                sql: "SELECT id, owner FROM job WHERE state = ?",
                arguments: [JobState.posting.rawValue]
            ) {
                let isMeant = owners.contains(try DID(row["owner"]))
                try transaction.apply(.postFailed(isMeant ? .unknown : .impossible), toJob: row["id"], into: &silent)
            }
        }
    }
}

extension LedgerTransaction {
    fileprivate func mentionUnderWay() throws -> Job? {
        let id = try Int64.fetchOne(
            database,
            // One whose request was replaced waits until it is known whom the newest version is about.
            sql: """
                SELECT job.id FROM job JOIN request ON request.id = request
                WHERE job.state = ? AND NOT (withdrawal IS ? AND request.state = ?)
                ORDER BY withdrawal IS NULL, job.id LIMIT 1
                """,
            arguments: [
                JobState.posting.rawValue, Reason.recordReplaced.rawValue, RequestMachine.State.lookup.rawValue,
            ]
        )
        return try id.flatMap { try mention($0) }
    }

    // A post about another version of the same request would be a second one: its key is that of the first.
    private func mention(_ id: Int64) throws -> Job? {
        guard var job = try job(id) else { return nil }
        let first = try Int64.fetchOne(
            database,
            sql: "SELECT min(witnessed) FROM sighting WHERE uri = ?",
            arguments: [job.uri.text]
        )
        job.witnessed = first ?? job.witnessed
        return job
    }

    fileprivate func mentionFreeAt(limit: Int, window: Double) throws -> Double? {
        try Double.fetchOne(
            database,
            sql: """
                SELECT at FROM attempt WHERE phase = ? AND outcome = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?
                """,
            arguments: [
                CallPhase.postMention.rawValue, JobState.delivered.rawValue, now - window, max(0, limit - 1),
            ]
        ).map { $0 + window }
    }

    /// What waits for one of these owners, the author's first who was told of least in the last day.
    fileprivate func nextMention(of owners: Set<DID>) throws -> Job? {
        let reasons = Reason.allCases.filter(\.allowsMention).map(\.rawValue)
        let id = try Int64.fetchOne(
            database,
            sql: """
                SELECT job.id FROM job WHERE state = ? AND owner IN (\(databaseQuestionMarks(count: owners.count)))
                    AND owner NOT IN (SELECT did FROM suppression)
                    AND reason IN (\(databaseQuestionMarks(count: reasons.count)))
                    AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.request = job.request
                        AND attempt.owner = job.owner AND phase = ? AND outcome IN (?, ?))
                ORDER BY (SELECT count(*) FROM attempt JOIN request ON request.id = attempt.request
                    WHERE phase = ? AND outcome = ? AND at > ? AND request.author = job.author), job.id LIMIT 1
                """,
            arguments: [JobState.deferred.rawValue] + StatementArguments(owners.map(\.text))
                + StatementArguments(reasons) + [
                    CallPhase.postMention.rawValue, Verdict.Action.drop.rawValue, Verdict.Action.skip.rawValue,
                    CallPhase.postMention.rawValue, JobState.delivered.rawValue, now - 86_400,
                ]
        )
        return try id.flatMap { try mention($0) }
    }
}
