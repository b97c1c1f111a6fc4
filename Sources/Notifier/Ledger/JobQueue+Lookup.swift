internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

extension JobQueue {
    /// Requests whose recipients are to be looked up now; authors take turns, and so do those whose projects they refer to.
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

    /// When a look-up is due next.
    func nextLookup() async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            // What has its turn is due already.
            try ["IS NOT NULL ORDER BY turn, due_at", "IS NULL ORDER BY due_at"].compactMap { turn -> UnixTime? in
                let lookup = RequestMachine.State.lookup
                return try database.value(
                    "SELECT due_at FROM request WHERE state = \(lookup) AND turn \(sql: turn) LIMIT 1"
                )
            }.min()
        }
    }

    /// Stores what a look-up found out, unless the request was called off or replaced meanwhile.
    func resolve(_ request: Job, as resolution: Resolution, now: UnixTime) async throws(LedgerError) -> Applied {
        try await applied(at: now) { try $0.resolve(request.request, of: request.rev, as: resolution) }
    }

    /// Since when the proof of a request has been asked for in vain; nil when it has not.
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

    /// Since when the look-up of a request fails for one of these reasons; nil when it does not.
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

    /// How often this failed for this reason: the look-up of a request, or telling one of its recipients.
    func occurrences(of reason: Reason, request: Int64, owner: DID?) async throws(LedgerError) -> Int {
        try await database.read { database in
            try database.value(
                "SELECT count(*) FROM attempt WHERE request = \(request) AND reason = \(reason) AND owner IS \(owner)"
            ) ?? 0
        }
    }
}

extension LedgerTransaction {
    /// Puts requests that have become due into the queue of look-ups: each behind what its author has in it already, and those
    /// of several authors at one account behind each other, so that no flood of either kind delays others.
    ///
    /// What is new comes behind the round that is served, so that no inflow, however fast, keeps the next from being served.
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
        // Whose look-up took longer stands no further behind for it.
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

    /// Puts jobs that have become due into the queue of their state: behind what their author has in it already, else beside
    /// what is served now, so that a flood of one author delays nobody else.
    func giveTurns(in state: JobState) throws {
        let due = try database.rows(
            """
            SELECT id, author, request FROM job WHERE state = \(state) AND turn IS NULL AND due_at <= \(now)
            ORDER BY due_at LIMIT \(Self.rows)
            """
        )
        // Whose wait took longer stands no further behind for it.
        for row in try due.sorted(by: { try ($0.get("request") as Int64) < $1.get("request") }) {
            try giveTurn(row.get("id"), of: row.get("author"), in: state)
        }
    }

    /// Puts a job behind what its author has in the queue of its state.
    func giveTurn(_ id: Int64, of author: String, in state: JobState) throws {
        let served: Int64? = try database.value("SELECT min(turn) FROM job WHERE state = \(state) AND turn >= 0")
        let last: Int64? = try database.value("SELECT max(turn) FROM job WHERE state = \(state) AND author = \(author)")
        try database.run("UPDATE job SET turn = \(max(served ?? 0, last.map { $0 + 1 } ?? 0)) WHERE id = \(id)")
    }
}
