internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

extension JobQueue {
    /// The next recipient to write to, with the jobs that one message may tell of; nil when nobody is due.
    ///
    /// Authors take turns. Recipients with a message in doubt wait until it is settled.
    func nextCandidate(
        _ configuration: NotifierConfiguration,
        now: UnixTime
    ) async throws(LedgerError) -> SendCandidate? {
        try await write(at: now) { transaction in
            try transaction.giveTurns(in: .queued)
            var room = LedgerTransaction.batch
            // The rest is handled in the next transaction.
            while room > 0, let head = try transaction.nextJob() {
                if let owner = head.owner, let moved = try transaction.waitForDoubt(of: owner) {
                    room -= moved
                    continue
                }
                return try transaction.candidate(head, configuration)
            }
            return nil
        }
    }

    /// Stores a message before it is sent (invariant 3), if nothing speaks against it by now.
    ///
    /// Its author, to whom the limits apply, is the author of the job whose turn it was.
    ///
    /// - Returns: the message to send; nil when a job was called off, replaced or refused meanwhile, with the results.
    func begin(
        _ message: ComposedMessage,
        for candidate: SendCandidate,
        in conversation: Conversation,
        maximumSends: Int,
        policy: AdmissionPolicy,
        now: UnixTime
    ) async throws(LedgerError) -> (message: Message?, Applied) {
        try await write(at: now) { transaction in
            for job in candidate.jobs {
                let verdict = try policy.admission(of: job, in: transaction)
                guard verdict != .told else { continue }
                try transaction.apply(.admitted(verdict), toJob: job.id, wait: transaction.timetable.wait(for: verdict))
            }
            guard try transaction.areQueued(candidate.jobs) else { return (nil, transaction.applied) }
            let machine = MessageMachine(earlierSends: candidate.earlierSends, maximumSends: maximumSends)
            let id = try transaction.insert(message, machine, for: candidate, in: conversation)
            for job in candidate.jobs {
                try transaction.database.run(
                    "UPDATE job SET message = \(id), sends = \(machine.sends) WHERE id = \(job.id)"
                )
                try transaction.apply(.message(machine.state, nil), toJob: job.id)
            }
            // That it is about to be sent is not reported yet.
            return (try transaction.message(id), Applied())
        }
    }

    /// Counts for the limits that a recipient refused to open a conversation for an author's request.
    func countOpening(for author: DID, now: UnixTime) async throws(LedgerError) {
        try await write(at: now) { transaction in
            try transaction.database.run("INSERT INTO opening (author, sent_at) VALUES (\(author), \(now))")
        }
    }

    /// The message in doubt whose conversation is to be read now; nil when there is none.
    func nextVerification(now: UnixTime) async throws(LedgerError) -> Message? {
        try await write(at: now) { transaction in
            let id: Int64? = try transaction.database.value(
                """
                SELECT id FROM message WHERE state = \(MessageMachine.State.verify) AND due_at <= \(now)
                ORDER BY due_at LIMIT 1
                """
            )
            return try id.flatMap(transaction.message)
        }
    }

    /// Stores that a message in doubt is not in its conversation.
    ///
    /// If nothing speaks against it, sending is on and the pace allows it, it is sent again. If only the pace does not,
    /// the conversation is read once more. Otherwise its jobs go on by themselves. Its jobs that another message there
    /// tells of (`told`) are delivered.
    func absent(
        _ id: Int64,
        told: [Int64] = [],
        policy: AdmissionPolicy,
        resendIn wait: Duration,
        now: UnixTime
    ) async throws(LedgerError) -> Applied {
        try await applied(at: now) { transaction in
            guard let message = try transaction.message(id) else { return }
            try transaction.noteTold(told)
            let isUnchanged =
                try policy.isSendingEnabled && told.isEmpty && !transaction.isUnwanted(message)
                && message.members.allSatisfy { member in
                    guard member.withdrawal == nil, let job = try transaction.job(member.job) else { return false }
                    return try policy.admission(of: job, in: transaction) == .told
                }
            let note = Attempt(.readMessages, outcome: "not found")
            if isUnchanged, wait > .zero {
                try transaction.apply(.absentEarly, toMessage: id, note, wait: wait)
            } else {
                try transaction.apply(.absent(isChanged: !isUnchanged), toMessage: id, note)
            }
        }
    }

    /// A message as it is stored now.
    func message(_ id: Int64, now: UnixTime) async throws(LedgerError) -> Message? {
        try await write(at: now) { try $0.message(id) }
    }

    /// When the last message was sent, or a recipient last refused one.
    func lastSentAt() async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            try database.value(
                "SELECT max(at) FROM (SELECT max(sent_at) AS at FROM message UNION ALL SELECT max(sent_at) FROM opening)"
            )
        }
    }

    /// Marks every message that was under way when the process ended as in doubt; returns how many.
    ///
    /// Each is verified when the settling time since it was sent has passed.
    func recover(now: UnixTime) async throws(LedgerError) -> Int {
        try await write(at: now) { transaction in
            let rows = try transaction.database.rows(
                "SELECT id, sent_at FROM message WHERE state = \(MessageMachine.State.sending)"
            )
            for row in rows {
                let due = try min((row.get("sent_at") as UnixTime) + timetable.settle, now + timetable.settle)
                let note = Attempt(.sendMessage, outcome: Verdict.Action.verify.rawValue)
                try transaction.apply(.restarted, toMessage: row.get("id"), note, wait: due - now)
            }
            return rows.count
        }
    }

    /// Makes the queued jobs of an author or recipient wait for a limit; each window lets the next few go on.
    func postpone(
        by limit: SendingLimit,
        author: DID,
        owner: DID,
        until: UnixTime,
        now: UnixTime
    ) async throws(LedgerError) {
        try await write(at: now) { transaction in
            let whose: SQL = limit.scope == .author ? "author = \(author)" : "owner = \(owner)"
            for (number, job) in try transaction.queuedJobs(whose).enumerated() {
                let wait = until - now + limit.window * (number / limit.each)
                try transaction.apply(.postponed(limit.reason), toJob: job, wait: wait)
            }
        }
    }

    /// When something is next to be sent or verified; nil when nothing waits.
    ///
    /// `withNotices` says whether messages that were never sent before are included.
    func nextDue(withNotices: Bool = true) async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            var queries: [SQL] = [
                "message WHERE state = \(MessageMachine.State.verify)",
                "message WHERE state = \(MessageMachine.State.queued)",
            ]
            if withNotices { queries.append("job WHERE state = \(JobState.queued)") }
            return try queries.compactMap { try database.value("SELECT due_at FROM \($0) ORDER BY due_at LIMIT 1") }
                .min()
        }
    }
}
