internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

extension JobQueue {
    /// Requests whose recipients are to be looked up now; authors take turns, and so do those whose projects they refer to.
    func dueLookups(limit: Int, excluding running: Set<Int64>, now: UnixTime) async throws(LedgerError) -> [Job] {
        try await write(at: now) { transaction in
            let lookup = RequestMachine.State.lookup
            try transaction.giveTurns("request", in: lookup.rawValue)
            let first = try transaction.database.rows(
                """
                \(Job.requests) WHERE request.state = \(lookup) AND request.turn IS NOT NULL
                ORDER BY turn, due_at, request.id LIMIT \(limit + running.count)
                """
            )
            return try first.filter { !running.contains($0["request"]) }.prefix(limit).map(Job.init(row:))
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
    func proofMissingSince(request: Int64) async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            let attempts: SQL = "FROM attempt WHERE request = \(request) AND phase = \(CallPhase.proof)"
            return try database.value(
                """
                SELECT min(at) \(attempts)
                    AND at > coalesce((SELECT max(at) \(attempts) AND outcome = 'proven'), 0)
                """
            )
        }
    }

    /// Since when this version of a request fails for one of these reasons; nil when it never did.
    func failing(for reasons: [Reason], _ job: Job) async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            try reasons.compactMap { reason -> UnixTime? in
                try database.value(
                    """
                    SELECT min(at) FROM attempt WHERE request = \(job.request) AND reason = \(reason) AND at >= \(job.createdAt)
                    """
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
    /// Puts rows that have become due into the queue of their state: behind what their author has in it already, and what is
    /// of the same owner's look-ups, else beside what is served now, so that a flood of one author, or of many at one owner,
    /// delays nobody else.
    func giveTurns(_ table: String, in state: String) throws {
        let isLookup = table == "request"
        let (request, authority) = isLookup ? ("id", "authority") : ("request", "NULL")
        let due = try database.rows(
            """
            SELECT id, author, \(sql: request) AS request, \(sql: authority) AS authority FROM \(sql: table)
            WHERE state = \(state) AND turn IS NULL AND due_at <= \(now) ORDER BY due_at LIMIT \(Self.rows)
            """
        )
        // Whose look-up, or wait, took longer stands no further behind for it.
        for row in due.sorted(by: { ($0["request"] as Int64) < $1["request"] }) {
            try giveTurn(row["id"], of: row["author"], at: row["authority"], table, in: state)
        }
    }

    /// Puts a row behind what its author has in the queue of its state, and what is looked up of the same account.
    func giveTurn(_ id: Int64, of author: String, at authority: String? = nil, _ table: String, in state: String) throws
    {
        let rows: SQL = "FROM \(sql: table) WHERE state = \(state)"
        let served: Int64? = try database.value("SELECT min(turn) \(rows) AND turn >= 0")
        var last: [Int64?] = [try database.value("SELECT max(turn) \(rows) AND author = \(author)")]
        if let authority {
            // What has a turn is in this state: each change takes it away.
            last.append(
                try database.value("SELECT max(turn) FROM request WHERE authority = \(authority) AND turn IS NOT NULL")
            )
        }
        let turn = max(served ?? 0, last.compactMap(\.self).max().map { $0 + 1 } ?? 0)
        try database.run("UPDATE \(sql: table) SET turn = \(turn) WHERE id = \(id)")
    }
}
