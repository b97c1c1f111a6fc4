internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

extension JobQueue {
    /// Requests whose recipients are to be looked up now; authors and the accounts referred to take turns.
    func dueLookups(limit: Int, excluding running: Set<Int64>, now: UnixTime) async throws(LedgerError) -> [Job] {
        try await write(at: now) { transaction in
            let lookup = RequestMachine.State.lookup
            try transaction.giveLookupTurns(excluding: running)
            let first = try transaction.database.rows(
                """
                \(Job.requests) WHERE request.state = \(lookup) AND request.turn IS NOT NULL
                ORDER BY turn, due_at, request.id LIMIT \(limit + running.count)
                """
            )
            return try first.filter { try !running.contains($0.get("request")) }.prefix(limit).map(Job.init(row:))
        }
    }

    /// When the next look-up is due.
    func nextLookup() async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            // A request with a turn is already due.
            try ["IS NOT NULL ORDER BY turn, due_at", "IS NULL ORDER BY due_at"].compactMap { turn -> UnixTime? in
                let lookup = RequestMachine.State.lookup
                return try database.value(
                    "SELECT due_at FROM request WHERE state = \(lookup) AND turn \(sql: turn) LIMIT 1"
                )
            }.min()
        }
    }

    /// Stores the result of a look-up, unless the request was called off or replaced meanwhile.
    func resolve(_ request: Job, as resolution: Resolution, now: UnixTime) async throws(LedgerError) -> Applied {
        try await applied(at: now) { try $0.resolve(request.request, of: request.rev, as: resolution) }
    }

    /// Since when a request's proof has been missing; nil when it is not.
    func proofMissingSince(_ job: Job) async throws(LedgerError) -> UnixTime? {
        guard let failing = job.failingSince else { return nil }
        return try await database.read { database in
            let attempts: SQL = "FROM attempt WHERE request = \(job.request) AND phase = \(CallPhase.proof)"
            return try database.value(
                """
                SELECT min(at) \(attempts) AND outcome <> \(LedgerTransaction.awaitsProof) AND at >= \(failing)
                    AND at > coalesce((SELECT max(at) \(attempts) AND outcome = 'proven'), 0)
                """
            )
        }
    }

    /// Since when a request's look-up has failed for one of these reasons; nil when it has not.
    func failing(for reasons: [Reason], _ job: Job) async throws(LedgerError) -> UnixTime? {
        guard let failing = job.failingSince else { return nil }
        return try await database.read { database in
            try reasons.compactMap { reason -> UnixTime? in
                try database.value(
                    "SELECT min(at) FROM attempt WHERE request = \(job.request) AND reason = \(reason) AND at >= \(failing)"
                )
            }.min()
        }
    }

    /// The verdict on one more failure of the look-up of a request, or of telling one of its recipients.
    func escalated(_ verdict: Verdict, request: Int64, owner: DID?) async throws(LedgerError) -> Verdict {
        guard let escalation = verdict.escalation, !escalation.isSenderWide else { return verdict }
        let reason = verdict.reason
        let earlier: Int = try await database.read { database in
            try database.value(
                "SELECT count(*) FROM attempt WHERE request = \(request) AND reason = \(reason) AND owner IS \(owner)"
            ) ?? 0
        }
        return verdict.escalated(occurrences: earlier + 1)
    }
}

extension LedgerTransaction {
    /// Gives turns to requests that have become due.
    ///
    /// Each comes after its author's other requests, and after other requests that refer to the same account, so that a
    /// flood of either kind delays nobody else. New requests come after the round that is being served, so that no
    /// inflow, however fast, keeps the next one waiting.
    fileprivate func giveLookupTurns(excluding running: Set<Int64>) throws {
        let lookup = RequestMachine.State.lookup
        let due = try database.rows(
            """
            SELECT id, author, authority FROM request WHERE state = \(lookup) AND turn IS NULL AND due_at <= \(now)
            ORDER BY due_at LIMIT \(Self.rows)
            """
        )
        var served: Int64? = try database.value(
            """
            SELECT turn FROM request WHERE state = \(lookup) AND turn IS NOT NULL AND id NOT IN \(running)
            ORDER BY turn LIMIT 1
            """
        )
        // Ordered by number, so that a slow look-up costs a request no place.
        for row in try due.sorted(by: { try ($0.get("id") as Int64) < $1.get("id") }) {
            let (id, author): (Int64, String) = try (row.get("id"), row.get("author"))
            let authority: String? = try row.get("authority")
            let own: Int64? = try database.value(
                "SELECT max(turn) FROM request WHERE state = \(lookup) AND author = \(author)"
            )
            var last = [served, own]
            if own == nil {
                last.append(
                    try database.value(
                        """
                        SELECT max(first_turn) FROM request
                        WHERE authority = \(authority) AND turn IS NOT NULL
                        """
                    )
                )
            }
            let turn = last.compactMap(\.self).max().map { $0 + 1 } ?? 0
            served = served ?? turn
            try database.run(
                "UPDATE request SET turn = \(turn), first_turn = \(own == nil ? turn : nil) WHERE id = \(id)"
            )
        }
    }

    /// Gives turns to jobs that have become due in a state.
    ///
    /// Each comes after its author's other jobs, or else beside what is being served now, so that a flood from one
    /// author delays nobody else.
    func giveTurns(in state: JobState) throws {
        let due = try database.rows(
            """
            SELECT id, author, request FROM job WHERE state = \(state) AND turn IS NULL AND due_at <= \(now)
            ORDER BY due_at LIMIT \(Self.rows)
            """
        )
        // Ordered by request, so that a long wait costs a job no place.
        for row in try due.sorted(by: { try ($0.get("request") as Int64) < $1.get("request") }) {
            try giveTurn(row.get("id"), of: row.get("author"), in: state)
        }
    }

    /// Places a job after its author's other jobs in the queue of a state.
    func giveTurn(_ id: Int64, of author: String, in state: JobState) throws {
        let served: Int64? = try database.value("SELECT min(turn) FROM job WHERE state = \(state) AND turn >= 0")
        let last: Int64? = try database.value("SELECT max(turn) FROM job WHERE state = \(state) AND author = \(author)")
        try database.run("UPDATE job SET turn = \(max(served ?? 0, last.map { $0 + 1 } ?? 0)) WHERE id = \(id)")
    }
}
