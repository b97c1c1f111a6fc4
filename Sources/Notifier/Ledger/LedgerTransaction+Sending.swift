internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

extension LedgerTransaction {
    /// The job whose turn it is.
    func nextJob() throws -> Job? {
        let id: Int64? = try database.value(
            """
            SELECT id FROM job WHERE state = \(JobState.queued) AND turn IS NOT NULL ORDER BY turn, due_at, request LIMIT 1
            """
        )
        return try id.flatMap(job)
    }

    func job(_ id: Int64) throws -> Job? {
        try database.row("\(Job.selection) WHERE job.id = \(id)").map(Job.init(row:))
    }

    /// Makes a batch of a recipient's queued jobs wait while a message to them is under way or in doubt.
    ///
    /// - Returns: how many; nil when there is no such message.
    func waitForDoubt(of owner: DID) throws -> Int? {
        let states = [MessageMachine.State.sending, .verify]
        let due: UnixTime? = try database.value(
            "SELECT max(due_at) FROM message WHERE owner = \(owner) AND state IN \(states)"
        )
        guard let due else { return nil }
        let jobs = try queuedJobs("owner = \(owner)")
        try setDue(jobs, at: max(due, now + .seconds(1)))
        return jobs.count
    }

    /// Lets a batch of a recipient's queued jobs go on, after a doubt was settled or their preferences changed.
    ///
    /// The other jobs go on after the message about these.
    func resumeQueue(of owner: DID) throws {
        // By account only, because this does not concern other due jobs.
        let jobs: [Int64] = try database.values(
            """
            SELECT id FROM job WHERE owner = \(owner) AND state = \(JobState.queued) AND turn IS NULL AND +due_at > \(now)
            LIMIT \(Self.batch)
            """
        )
        try setDue(jobs, at: now)
    }

    private func setDue(_ jobs: [Int64], at due: UnixTime) throws {
        for job in jobs { try database.run("UPDATE job SET due_at = \(due), turn = NULL WHERE id = \(job)") }
    }

    /// A batch of queued jobs of an author or recipient that have a turn, the present one included.
    ///
    /// The others follow when they get their turn.
    func queuedJobs(_ whose: SQL) throws -> [Int64] {
        try database.values(
            """
            SELECT id FROM job WHERE \(whose) AND state = \(JobState.queued) AND turn IS NOT NULL
            ORDER BY turn, id LIMIT \(Self.batch)
            """
        )
    }

    func candidate(_ head: Job, _ configuration: NotifierConfiguration) throws -> SendCandidate? {
        guard let owner = head.owner else { return nil }
        let preferences = try preferences(of: owner)
        var jobs = [head]
        if configuration.combinesRequests(for: preferences) {
            // Turns put each author's first request before anybody's second, so that a flood keeps no other author off
            // the list.
            jobs = try database.rows(
                """
                \(Job.selection) WHERE job.owner = \(owner) AND job.state = \(JobState.queued) AND job.turn IS NOT NULL
                ORDER BY job.turn, job.id LIMIT \(configuration.digest.maximumCounted)
                """
            ).map(Job.init(row:))
        }
        for job in jobs { try prove(job) }
        let sends: [Int] = try jobs.map { try database.value("SELECT sends FROM job WHERE id = \($0.id)") ?? 0 }
        // Jobs that were sent before come first, so that the message keeps the mark of the earlier one.
        let order = jobs.indices.sorted { (sends[$1], $0) < (sends[$0], $1) }
        var candidate = SendCandidate(
            head: head,
            owner: owner,
            jobs: order.map { jobs[$0] },
            earlierSends: sends.max() ?? 0
        )
        for limit in configuration.limits(for: preferences) where candidate.heldBy == nil {
            guard let until = try freeAt(limit, author: head.author, owner: owner), until > now else { continue }
            candidate.heldBy = (limit, until)
        }
        return candidate
    }

    /// Makes sure that a damaged file sends nothing to somebody else, or under another mark.
    ///
    /// Recipient and AT-URI stand both in the row and in an index, and must agree.
    private func prove(_ job: Job) throws {
        let isTrue = try database.exists(
            """
            SELECT 1 FROM job WHERE request = \(job.request) AND owner = \(job.owner) AND +id = \(job.id)
                AND EXISTS (SELECT 1 FROM request WHERE uri = \(job.uri) AND +id = \(job.request))
            """
        )
        guard !isTrue else { return }
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a job is not in its index")
    }

    /// When a limit next allows a message; nil when it does now.
    ///
    /// That is when the limit-th newest message leaves the window. Messages dated in the future by a clock that was
    /// ahead do not count. Conversations that a recipient refused to open count, but not against the recipient.
    private func freeAt(_ limit: SendingLimit, author: DID, owner: DID) throws -> UnixTime? {
        let counted: SQL =
            switch limit.scope {
            case .everybody: "TRUE"
            case .owner: "owner = \(owner)"
            case .author: "author = \(author)"
            }
        let within: SQL = "\(counted) AND sent_at > \(now - limit.window) AND sent_at <= \(now)"
        let openings: SQL = limit.scope == .owner ? "" : "UNION ALL SELECT sent_at FROM opening WHERE \(within)"
        // Answers have their own limits: people who write to the sender delay no notices.
        let sentAt: UnixTime? = try database.value(
            """
            SELECT sent_at FROM message WHERE \(within) AND sends > 0 AND kind = \(MessageKind.notice) \(openings)
            ORDER BY sent_at DESC LIMIT 1 OFFSET \(max(0, limit.number - 1))
            """
        )
        return sentAt.map { $0 + limit.window }
    }

    /// Notes that messages in the conversation tell of these jobs.
    func noteTold(_ jobs: [Int64]) throws {
        let note = Attempt(.readMessages, outcome: "found", reason: .alreadyTold)
        for job in jobs { try apply(.told, toJob: job, note) }
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
        // The place before the first send of any of these jobs, because later messages may be theirs.
        let earlier = try SQLRequest<String>(
            // The text of this statement depends on the number of jobs, so it is not cached.
            literal: """
                SELECT message.baseline FROM attempt CROSS JOIN message ON message.id = attempt.message
                WHERE attempt.request IN \(candidate.jobs.map(\.request)) AND attempt.owner = \(candidate.owner)
                    AND message.conversation = \(conversation.id) AND attempt.outcome = \(Verdict.Action.verify)
                ORDER BY message.id LIMIT 1
                """
        ).fetchOne(database)
        let baseline = earlier ?? ConversationScan.End.baseline(conversation.lastMessage)
        try database.run(
            """
            INSERT INTO message (owner, author, state, marker, message, reply_to, conversation, baseline, sends, maximum_sends,
                due_at, created_at, sent_at)
            VALUES (\(candidate.owner), \(candidate.head.author), \(machine.state), \(message.reference),
                \(message.input.encodedText), \(message.replyTo), \(conversation.id), \(baseline), \(machine.sends),
                \(machine.maximumSends), \(now), \(now), \(now))
            """
        )
        let id = database.lastInsertedRowID
        try know(conversation.lastMessage, as: candidate.owner, in: conversation.id)
        return id
    }

    /// Notes the newest known message in the conversation with a recipient.
    ///
    /// For a new conversation it also notes since when all messages are known; for one that was never read, that none
    /// are.
    func know(_ message: String?, as owner: DID, in conversation: String, since time: UnixTime? = nil) throws {
        try database.run(
            """
            INSERT INTO conversation (owner, id, opened_at, known_since, last_message)
            VALUES (\(owner), \(conversation), \(now), \(time ?? .distantFuture), \(message))
            ON CONFLICT DO UPDATE SET id = excluded.id, known_since = coalesce(\(time), known_since),
                last_message = excluded.last_message
            """
        )
    }

    /// Notes a conversation in which no message is known yet.
    func knowConversation(_ conversation: String, with owner: DID) throws {
        try database.run(
            """
            INSERT INTO conversation (owner, id, opened_at, known_since)
            VALUES (\(owner), \(conversation), \(now), \(UnixTime.distantFuture)) ON CONFLICT DO NOTHING
            """
        )
    }

    func message(_ id: Int64) throws -> Message? {
        guard let row = try database.row("SELECT * FROM message WHERE id = \(id)") else { return nil }
        let members = try database.rows(
            "SELECT job.id, request, withdrawal, uri FROM job JOIN request ON request.id = request WHERE message = \(id) ORDER BY job.id"
        )
        let kind: MessageKind = try row.value("kind")
        return Message(
            id: id,
            owner: try DID(row.get("owner")),
            kind: kind,
            replyTo: try row.get("reply_to"),
            reference: try row.get("marker"),
            input: try JSONValue(parsing: row.get("message") as String),
            conversation: try row.get("conversation"),
            baseline: try row.get("baseline"),
            machine: MessageMachine(
                state: try row.value("state"),
                reason: row.reason("reason"),
                sends: try row.get("sends"),
                maximumSends: try row.get("maximum_sends"),
                isAnswer: kind.isAnswer
            ),
            attempts: try row.get("attempts"),
            members: try members.map {
                .init(
                    job: try $0.get("id"),
                    request: try $0.get("request"),
                    uri: try ATURI($0.get("uri")),
                    withdrawal: $0.reason("withdrawal")
                )
            }
        )
    }
}
