internal import ATProtocol
internal import GRDB

extension LedgerTransaction {
    /// The job whose turn it is.
    func nextJob() throws -> Job? {
        let id = try Int64.fetchOne(
            database,
            sql: "SELECT id FROM job WHERE state = ? AND turn IS NOT NULL ORDER BY turn, due_at, request LIMIT 1",
            arguments: [JobState.queued.rawValue]
        )
        return try id.flatMap { try job($0) }
    }

    func job(_ id: Int64) throws -> Job? {
        try Row.fetchOne(database, sql: "\(Job.selection) WHERE job.id = ?", arguments: [id]).map(Job.init(row:))
    }

    /// Lets a batch of a recipient's queued jobs wait while a message to them is under way or in doubt; how many, nil when there
    /// is none.
    func waitForDoubt(of owner: DID) throws -> Int? {
        let due = try Double.fetchOne(
            database,
            sql: "SELECT max(due_at) FROM message WHERE owner = ? AND state IN (?, ?)",
            arguments: [owner.text, MessageMachine.State.sending.rawValue, MessageMachine.State.verify.rawValue]
        )
        guard let due else { return nil }
        let jobs = try queuedJobs(owner: owner)
        try setDue(jobs, at: max(due, now + 1))
        return jobs.count
    }

    /// Lets a batch of a recipient's queued jobs go on, now that nothing to them is in doubt; the others go on in time.
    func endDoubt(of owner: DID) throws {
        let waiting = try Int64.fetchAll(
            database,
            // By account: everything else that is due is no concern of it.
            sql: "SELECT id FROM job WHERE owner = ? AND state = ? AND turn IS NULL AND +due_at > ? LIMIT ?",
            arguments: [owner.text, JobState.queued.rawValue, now, Self.batch]
        )
        try setDue(waiting, at: now)
    }

    private func setDue(_ jobs: [Int64], at due: Double) throws {
        for job in jobs {
            try database.execute(
                sql: "UPDATE job SET due_at = ?, turn = NULL WHERE id = ?",
                arguments: [due, job]
            )
        }
    }

    /// A batch of the queued jobs of an author or recipient that have their turn, whoever's turn it is among them; the others
    /// follow when theirs has come.
    func queuedJobs(author: DID? = nil, owner: DID? = nil) throws -> [Int64] {
        let column = author == nil ? "owner" : "author"
        return try Int64.fetchAll(
            database,
            sql: "SELECT id FROM job WHERE \(column) = ? AND state = ? AND turn IS NOT NULL ORDER BY turn, id LIMIT ?",
            arguments: [(author ?? owner)?.text, JobState.queued.rawValue, Self.batch]
        )
    }

    func candidate(
        _ head: Job,
        policy: PolicyConfiguration,
        digest: DigestConfiguration,
        dailyLimit: Int
    ) throws -> SendCandidate? {
        guard let owner = head.owner else { return nil }
        var jobs = [head]
        if digest.isEnabled {
            // Turns put each author's first request before anybody's second: a flood must not push others off the list.
            jobs = try Row.fetchAll(
                database,
                sql: """
                    \(Job.selection) WHERE job.owner = ? AND job.state = ? AND job.turn IS NOT NULL
                    ORDER BY job.turn, job.id LIMIT ?
                    """,
                arguments: [owner.text, JobState.queued.rawValue, digest.maximumCounted]
            ).map(Job.init(row:))
        }
        let sends = try jobs.map {
            try Int.fetchOne(database, sql: "SELECT sends FROM job WHERE id = ?", arguments: [$0.id]) ?? 0
        }
        // The mark of an earlier message stays the mark: who was sent before comes first.
        let order = jobs.indices.sorted { (sends[$1], $0) < (sends[$0], $1) }
        let log = DeliveryLog.Reading(transaction: self)
        return SendCandidate(
            head: head,
            owner: owner,
            jobs: order.map { jobs[$0] },
            earlierSends: sends.max() ?? 0,
            limits: SendingLimits(
                authorFreeAt: try log.freeAt("author", head.author, limit: policy.authorHourlyLimit, window: 3600),
                ownerHourFreeAt: try log.freeAt("owner", owner, limit: policy.ownerHourlyLimit, window: 3600),
                ownerDayFreeAt: try log.freeAt("owner", owner, limit: policy.ownerDailyLimit, window: 86_400),
                dayFreeAt: try log.freeAt(limit: dailyLimit, window: 86_400),
                digestFreeAt: digest.isEnabled
                    ? try log.freeAt("owner", owner, limit: 1, window: digest.window.inSeconds) : nil
            )
        )
    }

    /// Whether all of these are still to be sent, in the version that was read.
    func areQueued(_ jobs: [Job]) throws -> Bool {
        try jobs.allSatisfy { job in
            guard let current = try self.job(job.id) else { return false }
            return current.state == .queued && current.rev == job.rev
        }
    }

    func insert(
        _ message: ComposedMessage,
        _ machine: MessageMachine,
        for candidate: SendCandidate,
        in conversation: Conversation
    ) throws -> Int64 {
        // The revision before the first send of any of these jobs: what came later may be theirs.
        let requests = candidate.jobs.map { String($0.request) }.joined(separator: ",")
        let earlier = try String.fetchOne(
            database,
            sql: """
                SELECT min(message.baseline) FROM attempt CROSS JOIN message ON message.id = attempt.message
                WHERE attempt.request IN (\(requests)) AND attempt.owner = ? AND message.conversation = ?
                    AND attempt.outcome = ?
                """,
            arguments: [candidate.owner.text, conversation.id, Verdict.Action.verify.rawValue]
        )
        let baseline = min(earlier ?? conversation.rev, conversation.rev)
        try database.execute(
            sql: """
                INSERT INTO message (owner, author, state, marker, message, conversation, baseline, sends, maximum_sends,
                    due_at, created_at, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                candidate.owner.text, candidate.head.author.text, machine.state.rawValue, message.marker,
                message.input.encodedText, conversation.id, baseline, machine.sends, machine.maximumSends, now, now,
                now,
            ]
        )
        let id = database.lastInsertedRowID
        try database.execute(
            sql: """
                INSERT INTO conversation (id, owner, rev, opened_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (owner) DO UPDATE SET id = excluded.id, rev = excluded.rev
                """,
            arguments: [conversation.id, candidate.owner.text, conversation.rev, now]
        )
        return id
    }

    func message(_ id: Int64) throws -> Message? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM message WHERE id = ?", arguments: [id]) else {
            return nil
        }
        let members = try Row.fetchAll(
            database,
            sql: "SELECT id, request, withdrawal FROM job WHERE message = ? ORDER BY id",
            arguments: [id]
        )
        return Message(
            id: id,
            owner: try DID(row["owner"]),
            marker: row["marker"],
            input: try JSONValue(parsing: row["message"] as String),
            conversation: row["conversation"],
            baseline: row["baseline"],
            machine: MessageMachine(
                state: try row.value("state"),
                reason: row.reason("reason"),
                sends: row["sends"],
                maximumSends: row["maximum_sends"]
            ),
            attempts: row["attempts"],
            members: members.map { .init(job: $0["id"], request: $0["request"], withdrawal: $0.reason("withdrawal")) }
        )
    }
}
