internal import ATProtocol
internal import GRDB

extension JobQueue {
    /// Requests whose recipients are to be looked up now; authors take turns.
    func dueLookups(limit: Int, excluding running: Set<Int64>, now: Double) async throws(LedgerError) -> [Job] {
        try await write(at: now) { transaction in
            try transaction.giveTurns("request", in: RequestMachine.State.lookup.rawValue)
            return try Row.fetchAll(
                transaction.database,
                sql: """
                    \(Job.requests) WHERE request.state = ? AND request.turn IS NOT NULL
                    ORDER BY turn, due_at, request.id LIMIT ?
                    """,
                arguments: [RequestMachine.State.lookup.rawValue, limit + running.count]
            ).map(Job.init(row:)).filter { !running.contains($0.request) }
        }
    }

    /// When a look-up is due next, in seconds since the Unix epoch.
    func nextLookup() async throws(LedgerError) -> Double? {
        try await database.read { database in
            // What has its turn is due already.
            try ["IS NOT NULL ORDER BY turn, due_at", "IS NULL ORDER BY due_at"].compactMap { turn in
                try Double.fetchOne(
                    database,
                    sql: "SELECT due_at FROM request WHERE state = ? AND turn \(turn) LIMIT 1",
                    arguments: [RequestMachine.State.lookup.rawValue]
                )
            }.min()
        }
    }

    /// Stores what a look-up found out, unless the request was called off or replaced meanwhile.
    func resolve(_ request: Job, as resolution: Resolution, now: Double) async throws(LedgerError) -> Applied {
        try await write(at: now) { transaction in
            var result = Applied()
            try transaction.resolve(request.request, of: request.rev, as: resolution, into: &result)
            return result
        }
    }

    /// Since when the proof of a request has been asked for in vain, in seconds since the Unix epoch; nil when it has not.
    func proofMissingSince(request: Int64) async throws(LedgerError) -> Double? {
        try await database.read { database in
            try Double.fetchOne(
                database,
                sql: """
                    SELECT min(at) FROM attempt WHERE request = ?1 AND phase = 'proof' AND at > coalesce(
                        (SELECT max(at) FROM attempt WHERE request = ?1 AND phase = 'proof' AND outcome = 'proven'), 0)
                    """,
                arguments: [request]
            )
        }
    }

    /// How often this failed for this reason: the look-up of a request, or telling one of its recipients.
    func occurrences(of reason: Reason, request: Int64, owner: DID?) async throws(LedgerError) -> Int {
        try await database.read { database in
            try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM attempt WHERE request = ? AND reason = ? AND owner IS ?",
                arguments: [request, reason.rawValue, owner?.text]
            ) ?? 0
        }
    }
}

extension LedgerTransaction {
    /// The most requests or jobs that one transaction applies an event to: each changes half a dozen rows, with its counters.
    static let batch = 150
    /// The most rows that one transaction gives their turn, moves or forgets.
    static let rows = 500

    /// Puts rows that have become due into the queue of their state: behind what their author has in it already, else beside
    /// what is served now, so that a flood of one author delays nobody else.
    func giveTurns(_ table: String, in state: String) throws {
        let request = table == "job" ? "request" : "id"
        let due = try Row.fetchAll(
            database,
            sql: """
                SELECT id, author, \(request) AS request FROM \(table)
                WHERE state = ? AND turn IS NULL AND due_at <= ? ORDER BY due_at LIMIT ?
                """,
            arguments: [state, now, Self.rows]
        )
        // Whose look-up, or wait, took longer stands no further behind for it.
        for row in due.sorted(by: { ($0["request"] as Int64) < $1["request"] }) {
            try giveTurn(row["id"], of: row["author"], table, in: state)
        }
    }

    /// Puts a row behind what its author has in the queue of its state.
    func giveTurn(_ id: Int64, of author: String, _ table: String, in state: String) throws {
        let served = try Int64.fetchOne(
            database,
            sql: "SELECT min(turn) FROM \(table) WHERE state = ? AND turn >= 0",
            arguments: [state]
        )
        let last = try Int64.fetchOne(
            database,
            sql: "SELECT max(turn) FROM \(table) WHERE author = ? AND state = ?",
            arguments: [author, state]
        )
        let turn = max(served ?? 0, last.map { $0 + 1 } ?? 0)
        try database.execute(sql: "UPDATE \(table) SET turn = ? WHERE id = ?", arguments: [turn, id])
    }
}
