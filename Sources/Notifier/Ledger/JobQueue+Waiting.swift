internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

// A deferred job is due when it is to be tried again or given up. A job that waits for a follow is due when it is given
// up; the recipient's row says when to ask about the follow, however many jobs wait for it.
extension JobQueue {
    /// Lets a batch of jobs whose wait is over go on, to another try or to their end, after what is being called off.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - agreed: the earlier of our time and the network's; no wait ends for good before it.
    /// - Returns: the results.
    /// - Throws: ``LedgerError``.
    func wakeDue(now: UnixTime, agreed: UnixTime) async throws(LedgerError) -> Applied {
        try await applied(at: now) { transaction in
            guard try !transaction.callOffNext() else { return }
            let database = transaction.database
            // Whatever its row's date: nothing is given up before the longest wait has passed since the stream told of
            // it.
            let told = (agreed - timetable.expiry).microseconds
            for job in try database.rows(
                """
                SELECT job.id AS id, job.wait_until <= \(now) AS is_late,
                    job.wait_until <= \(agreed) AND witnessed <= \(told) AS is_over
                FROM job CROSS JOIN request ON request.id = request WHERE job.state = \(JobState.deferred)
                    AND job.due_at <= \(now) ORDER BY job.due_at LIMIT \(LedgerTransaction.batch)
                """
            ) {
                let id: Int64 = try job.get("id")
                if try (job.get("is_late") as Bool?) != true {
                    try transaction.apply(.wakened, toJob: id)
                } else if try (job.get("is_over") as Bool?) == true {
                    try transaction.apply(.waitExpired, toJob: id)
                } else {
                    try transaction.rest(id)
                }
            }
            // The next look-up finds an account that came back; only the end of the wait is handled here.
            let requests: [Int64] = try database.values(
                """
                SELECT id FROM request WHERE state = \(RequestMachine.State.lookup) AND is_shown AND wait_until <= \(agreed)
                    AND witnessed <= \(told) AND reason IN \(Reason.awaiting(.account)) LIMIT \(LedgerTransaction.batch)
                """
            )
            for request in requests { try transaction.apply(.waitExpired, toRequest: request) }
        }
    }

    /// Drops a batch of jobs that were queued, and seen, before a time; returns the results.
    ///
    /// For a recipient who wants a digest, its window is added to that time.
    func expireQueued(before time: UnixTime, now: UnixTime) async throws(LedgerError) -> Applied {
        try await applied(at: now) { transaction in
            // By date only, because this does not concern other queued jobs.
            let jobs: [Int64] = try transaction.database.values(
                """
                SELECT job.id FROM job CROSS JOIN request ON request.id = request
                LEFT JOIN preference ON preference.owner = job.owner
                WHERE queued_at <= \(time) AND +job.state = \(JobState.queued) AND witnessed <= \(time.microseconds)
                    AND queued_at <= \(time) - coalesce(digest, 0)
                ORDER BY queued_at LIMIT \(LedgerTransaction.batch)
                """
            )
            for job in jobs { try transaction.apply(.waitExpired, toJob: job) }
        }
    }

    /// When ``wakeDue(now:agreed:)`` next finds something.
    func nextWaking() async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            try database.value(
                """
                SELECT 0 FROM calling_off UNION ALL
                SELECT * FROM (SELECT due_at FROM job WHERE state = \(JobState.deferred) ORDER BY due_at LIMIT 1) LIMIT 1
                """
            )
        }
    }

    /// Wakes a batch of jobs that waited for the follow of recipients who follow now.
    func wakeFollowers(now: UnixTime) async throws(LedgerError) -> Applied {
        try await applied(at: now) { transaction in
            var room = LedgerTransaction.batch
            for owner in try transaction.awaited(follows: true, limit: room) where room > 0 {
                let jobs = try transaction.awaitingFollow(of: owner, limit: room)
                for job in jobs { try transaction.apply(.wakened, toJob: job) }
                // The row stays as long as there may be more.
                if jobs.count < room { try transaction.ask(after: owner, at: nil) }
                room -= max(1, jobs.count)
            }
        }
    }

    /// Owners whose follow is waited for and due to be asked about: first unknown ones, then those with the longest
    /// wait.
    func ownersToAsk(limit: Int, now: UnixTime) async throws(LedgerError) -> [DID] {
        try await write(at: now) { transaction in
            var owners: [DID] = []
            for follows in [nil, false] as [Bool?] {
                for owner in try transaction.awaited(follows: follows, limit: LedgerTransaction.batch)
                where owners.count < limit {
                    if try transaction.awaitingFollow(of: owner, limit: 1).isEmpty {
                        try transaction.ask(after: owner, at: nil)
                    } else {
                        owners.append(owner)
                    }
                }
            }
            return owners
        }
    }

    /// When ``ownersToAsk(limit:now:)`` or ``wakeFollowers(now:)`` next finds something; nil when nobody is waited for.
    func nextQuestion() async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            try [nil, false, true].compactMap { (follows: Bool?) -> UnixTime? in
                try database.value(
                    """
                    SELECT ask_at FROM recipient WHERE follows IS \(follows) AND ask_at IS NOT NULL ORDER BY ask_at LIMIT 1
                    """
                )
            }.min()
        }
    }

    /// Stores who follows the sender; nil for owners about whom the AppView does not say.
    ///
    /// Owners who do not follow are asked about again.
    func learn(_ answers: [(owner: DID, follows: Bool?)], now: UnixTime) async throws(LedgerError) -> Applied {
        try await applied(at: now) { transaction in
            var room = LedgerTransaction.batch
            for (owner, follows) in answers {
                if let follows { try transaction.store(owner, follows: follows) }
                guard follows != true else { continue }
                // Jobs beyond the batch get their reason the next time their recipient is asked about.
                if follows == false, room > 0 {
                    let jobs = try transaction.awaitingFollow(of: owner, [.relationshipUnknown], limit: room)
                    let event = JobMachine.Event.admitted(.waits(.ownerNotFollowing))
                    for job in jobs { try transaction.apply(event, toJob: job, wait: timetable.follow) }
                    room -= jobs.count
                }
                try transaction.ask(after: owner, at: now + timetable.follow)
            }
        }
    }
}

extension LedgerTransaction {
    /// Lets a job wait on, because only our clock says that its wait is over.
    fileprivate func rest(_ job: Int64) throws {
        try database.run("UPDATE job SET due_at = \(now + .seconds(600)) WHERE id = \(job)")
    }

    /// Recipients with this answer whose follow is waited for and due, those with the longest wait first.
    fileprivate func awaited(follows: Bool?, limit: Int) throws -> [DID] {
        // Those who follow are woken at once.
        let due = follows == true ? .distantFuture : now
        let dids: [String] = try database.values(
            "SELECT did FROM recipient WHERE follows IS \(follows) AND ask_at <= \(due) ORDER BY ask_at LIMIT \(limit)"
        )
        return try dids.map { try DID($0) }
    }

    fileprivate func awaitingFollow(
        of owner: DID,
        _ reasons: [Reason] = Reason.awaiting(.follow),
        limit: Int
    ) throws -> [Int64] {
        try database.values(
            """
            SELECT id FROM job WHERE owner = \(owner) AND wait_until IS NOT NULL AND state = \(JobState.deferred)
                AND reason IN \(reasons) LIMIT \(limit)
            """
        )
    }
}

extension Reason {
    /// The reasons that wait for this.
    static func awaiting(_ wait: Wait) -> [Reason] { allCases.filter { $0.waits == wait } }
}
