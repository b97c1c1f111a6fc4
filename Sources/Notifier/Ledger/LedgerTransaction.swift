internal import ATProtocol
internal import GRDB

/// One transaction of the ledger: stores work in it, so that what belongs together is on disk together (invariant 1).
struct LedgerTransaction {
    let database: Database
    /// The waits of the configuration.
    let timetable: Timetable
    /// Seconds since the Unix epoch.
    let now: Double
}

/// What the machines must know of a request, without its record.
struct RequestRow {
    let id: Int64
    let uri: ATURI
    let rule: String
    let createdAt: Double
    let attempts: Int
    let waitUntil: Double?
    /// Whether it stands for itself: no job of its version tells of it.
    let isShown: Bool
    let machine: RequestMachine
}

/// What the machines must know of a job.
struct JobRow {
    let id: Int64
    let request: Int64
    let uri: ATURI
    let owner: DID
    let rule: String
    let createdAt: Double
    let attempts: Int
    let dueAt: Double
    let waitUntil: Double?
    let requestWaitUntil: Double?
    let message: Int64?
    let machine: JobMachine
}

extension LedgerTransaction {
    func requestRow(_ id: Int64) throws -> RequestRow? {
        let sql = """
            SELECT id, uri, rule, state, reason, attempts, wait_until, created_at, is_shown,
                EXISTS (SELECT 1 FROM job WHERE request = request.id AND (is_in_doubt OR state = ?)) AS is_begun,
                EXISTS (SELECT 1 FROM job WHERE request = request.id AND state <> ?) AS is_open
            FROM request WHERE id = ?
            """
        let delivered = JobState.delivered.rawValue
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [delivered, delivered, id]) else { return nil }
        let isBegun: Bool = row["is_begun"]
        let isOpen: Bool = row["is_open"]
        return RequestRow(
            id: id,
            uri: try ATURI(row["uri"]),
            rule: row["rule"],
            createdAt: row["created_at"],
            attempts: row["attempts"],
            waitUntil: row["wait_until"],
            isShown: row["is_shown"],
            machine: RequestMachine(
                state: try row.value("state"),
                reason: row.reason("reason"),
                jobs: isBegun ? (isOpen ? .begun : .delivered) : .open
            )
        )
    }

    func jobRow(_ id: Int64) throws -> JobRow? {
        let sql = """
            SELECT job.*, uri, rule, request.wait_until AS request_wait_until, request.created_at AS seen_at
            FROM job JOIN request ON request.id = job.request WHERE job.id = ?
            """
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [id]) else { return nil }
        return JobRow(
            id: id,
            request: row["request"],
            uri: try ATURI(row["uri"]),
            owner: try DID(row["owner"]),
            rule: row["rule"],
            createdAt: row["seen_at"],
            attempts: row["attempts"],
            dueAt: row["due_at"],
            waitUntil: row["wait_until"],
            requestWaitUntil: row["request_wait_until"],
            message: row["message"],
            machine: JobMachine(
                state: try row.value("state"),
                reason: row.reason("reason"),
                withdrawal: row.reason("withdrawal"),
                isInDoubt: row["is_in_doubt"]
            )
        )
    }

    /// Notes a try, once for each request that it was about.
    func add(_ note: Attempt, to request: Int64, owner: DID? = nil, message: Int64? = nil) throws {
        try database.execute(
            sql: """
                INSERT INTO attempt (request, owner, message, at, phase, outcome, reason, status, error, detail, next_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                request, owner?.text, message, now, note.phase.rawValue, note.outcome, note.reason?.rawValue,
                note.status,
                note.error, note.detail, note.nextAt,
            ]
        )
    }

    /// Takes back the jobs of which no message was written.
    func takeBackJobs(of request: Int64) throws {
        try database.execute(
            sql: "DELETE FROM job WHERE request = ? AND state IN (?, ?)",
            arguments: [request, JobState.queued.rawValue, JobState.deferred.rawValue]
        )
    }

    /// Jobs of a request that may still be called off, those among them of which only a human can know more.
    func openJobs(of request: Int64) throws -> [Int64] {
        let open = JobState.open.map(\.rawValue)
        return try Int64.fetchAll(
            database,
            sql: "SELECT id FROM job WHERE request = ? AND state IN (\(databaseQuestionMarks(count: open.count)))",
            arguments: [request] + StatementArguments(open)
        )
    }

    func isSuppressed(_ did: DID) throws -> Bool {
        try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM suppression WHERE did = ?)",
            arguments: [did.text]
        ) ?? false
    }

    /// Puts an account on the list and calls off everything that waits for it, a batch of it at once.
    ///
    /// An account that is on the list already keeps the stronger reason: what an owner stopped with a word they may start
    /// with a word, but a block or an operator's decision only an operator lifts.
    func suppress(_ did: DID, _ reason: Reason, note: String = "", into result: inout Applied) throws {
        try database.execute(
            sql: """
                INSERT INTO suppression (did, reason, note, added_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET reason = excluded.reason, note = excluded.note WHERE suppression.reason = ?
                """,
            arguments: [did.text, reason.rawValue, note, now, Reason.ownerStopped.rawValue]
        )
        let count = result.outcomes.count
        try callOff(did, .owner, reason, into: &result)
        result.suppressed.append((did, reason, result.outcomes.count - count))
    }
}

extension Row {
    /// A state of one of our machines.
    func value<State: RawRepresentable<String>>(_ column: String) throws -> State {
        let text: String = self[column]
        guard let state = State(rawValue: text) else {
            throw LedgerError(.corrupt, path: "ledger.sqlite", detail: "a row has the unknown state “\(text)”")
        }
        return state
    }

    // A reason that a newer version wrote is shown as none.
    func reason(_ column: String) -> Reason? { (self[column] as String?).flatMap(Reason.init(rawValue:)) }
}
