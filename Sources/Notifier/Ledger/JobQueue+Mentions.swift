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
            var result = Applied()
            if let reason = try transaction.reasonForCallingOff(job) {
                try transaction.apply(.calledOff(reason), toJob: job.id, into: &result)
                return .calledOff(result)
            }
            try transaction.apply(.mentionBegun, toJob: job.id, into: &result)
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
                SELECT job.id FROM job CROSS JOIN request ON request.id = request
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
                SELECT at FROM attempt WHERE phase = 'post-mention' AND outcome = ? AND at > ?
                ORDER BY at DESC LIMIT 1 OFFSET ?
                """,
            arguments: [JobState.delivered.rawValue, now - window, max(0, limit - 1)]
        ).map { $0 + window }
    }

    /// What waits for one of these owners, the author's first who was told of least in the last day.
    ///
    /// Authors take turns in the queue of an owner, so that whoever was told of least is among the first of it.
    fileprivate func nextMention(of owners: Set<DID>) throws -> Job? {
        let told = try Row.fetchAll(
            database,
            sql: """
                SELECT request.author AS author FROM attempt CROSS JOIN request ON request.id = attempt.request
                WHERE phase = 'post-mention' AND outcome = ? AND at > ?
                """,
            arguments: [JobState.delivered.rawValue, now - 86_400]
        ).reduce(into: [String: Int]()) { $0[$1["author"], default: 0] += 1 }
        var next: (told: Int, id: Int64)?
        for owner in owners where try !isSuppressed(owner) {
            try giveTurns(toMentionsOf: owner)
            let first = try Row.fetchAll(
                database,
                sql: "SELECT id, author FROM job WHERE owner = ? AND state = ? AND turn >= 0 ORDER BY turn, id LIMIT ?",
                arguments: [owner.text, JobState.deferred.rawValue, Self.batch]
            )
            for row in first {
                let candidate = (told: told[row["author"]] ?? 0, id: row["id"] as Int64)
                if candidate < next ?? (.max, 0) { next = candidate }
            }
        }
        return try next.flatMap { try mention($0.id) }
    }

    private func giveTurns(toMentionsOf owner: DID) throws {
        let reasons = Reason.allCases.filter(\.allowsMention).map(\.rawValue)
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, author, EXISTS (SELECT 1 FROM attempt WHERE attempt.request = job.request
                    AND attempt.owner = job.owner AND phase = 'post-mention' AND outcome IN (?, ?)) AS is_impossible
                FROM job WHERE owner = ? AND state = ? AND turn IS NULL
                    AND reason IN (\(databaseQuestionMarks(count: reasons.count))) ORDER BY id LIMIT ?
                """,
            arguments: [
                Verdict.Action.drop.rawValue, Verdict.Action.skip.rawValue, owner.text, JobState.deferred.rawValue,
            ] + StatementArguments(reasons) + [Self.batch]
        )
        for row in rows {
            if row["is_impossible"] {
                try database.execute(sql: "UPDATE job SET turn = -1 WHERE id = ?", arguments: [row["id"] as Int64])
            } else {
                try giveTurn(row["id"], of: row["author"], "job", in: JobState.deferred.rawValue)
            }
        }
    }
}
