internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// One transaction of the ledger: stores work in it, so that what belongs together is on disk together (invariant 1).
final class LedgerTransaction {
    /// The most requests or jobs that one transaction applies an event to: each changes half a dozen rows, with its counters.
    static let batch = 150
    /// The most rows that one transaction gives their turn, moves or forgets.
    static let rows = 500

    let database: Database
    /// The waits of the configuration.
    let timetable: Timetable
    /// The time.
    let now: UnixTime
    /// What the events came to that were applied in it.
    var applied = Applied()
    /// What it has counted by rule and outcome, with the last request of each; written at its end.
    var counted: [RuleTally.Key: (number: Int, uri: ATURI)] = [:]

    init(_ database: Database, _ timetable: Timetable, now: UnixTime) {
        self.database = database
        self.timetable = timetable
        self.now = now
    }

    /// Does something of which nobody is told what it came to.
    func silently<Value>(_ body: () throws -> Value) rethrows -> Value {
        let before = applied
        applied = Applied()
        defer { applied = before }
        return try body()
    }
}

extension LedgerDatabase {
    func transaction<Value: Sendable>(
        at now: UnixTime,
        _ timetable: Timetable = Timetable(),
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await write { database in
            let transaction = LedgerTransaction(database, timetable, now: now)
            let value = try body(transaction)
            try transaction.writeTallies()
            return value
        }
    }
}

extension LedgerTransaction {
    /// A request as its machine sees it, with its row but for the record.
    func request(_ id: Int64) throws -> (row: Row, machine: RequestMachine)? {
        let row = try database.row(
            """
            SELECT uri, rule, state, reason, attempts, wait_until, is_shown, created_at AS seen_at,
                EXISTS (SELECT 1 FROM job WHERE request = request.id AND (is_in_doubt OR state = \(JobState.delivered)))
                    AS is_begun,
                EXISTS (SELECT 1 FROM job WHERE request = request.id AND state <> \(JobState.delivered)) AS is_open
            FROM request WHERE id = \(id)
            """
        )
        guard let row else { return nil }
        let jobs: RequestMachine.Jobs = try row.get("is_begun") ? (row.get("is_open") ? .begun : .delivered) : .open
        return (row, RequestMachine(state: try row.value("state"), reason: row.reason("reason"), jobs: jobs))
    }

    /// A job as its machine sees it, with its row.
    func jobRow(_ id: Int64) throws -> (row: Row, machine: JobMachine)? {
        let row = try database.row(
            """
            SELECT job.*, uri, rule, request.wait_until AS request_wait_until, request.created_at AS seen_at
            FROM job JOIN request ON request.id = job.request WHERE job.id = \(id)
            """
        )
        guard let row else { return nil }
        let machine = JobMachine(
            state: try row.value("state"),
            reason: row.reason("reason"),
            withdrawal: row.reason("withdrawal"),
            isInDoubt: try row.get("is_in_doubt")
        )
        return (row, machine)
    }

    /// Notes a try, once for each request that it was about, and how long until it is tried again.
    func add(_ note: Attempt, to id: Int64, owner: DID? = nil, message: Int64? = nil, again wait: Duration?) throws {
        try database.run(
            """
            INSERT INTO attempt (request, owner, message, at, phase, outcome, reason, status, error, detail, next_at)
            VALUES (\(id), \(owner), \(message), \(now), \(note.phase), \(note.outcome), \(note.reason),
                \(note.status), \(note.error), \(note.detail), \(wait.map { now + $0 }))
            """
        )
    }

    func isSuppressed(_ did: DID) throws -> Bool { try suppressionReason(of: did) != nil }

    /// Why an account gets no messages; nil for one that may get them.
    func suppressionReason(of did: DID) throws -> Reason? {
        var row = try database.row("SELECT reason FROM suppression WHERE did = \(did)")
        if row == nil, let hash = try forgottenHash(of: did) {
            row = try database.row("SELECT reason FROM forgotten WHERE hash = \(hash)")
        }
        // A reason that a newer version wrote is none that a word lifts.
        return row.map { $0.reason("reason") ?? .operatorDecision }
    }

    /// Puts an account on the list and calls off everything that waits for it, a batch of it at once.
    ///
    /// An account that is on the list already keeps the stronger reason: what an owner stopped with a word they may start
    /// with a word, but a block or an operator's decision only an operator lifts.
    func suppress(_ did: DID, _ reason: Reason, note: String = "") throws {
        // Who was forgotten stays so.
        if try !suppressForgotten(did, reason) {
            try database.run(
                """
                INSERT INTO suppression (did, reason, note, added_at) VALUES (\(did), \(reason), \(note), \(now))
                ON CONFLICT DO UPDATE SET reason = excluded.reason, note = excluded.note
                    WHERE suppression.reason = \(Reason.ownerStopped)
                """
            )
        }
        let count = applied.outcomes.count
        try callOff(did, .owner, reason)
        applied.suppressed.append((did, reason, applied.outcomes.count - count))
    }

    /// Takes an account off the list, when it is there for this reason or whatever for; whether it was on it.
    @discardableResult
    func lift(_ did: DID, ifReason reason: Reason? = nil) throws -> Bool {
        try database.run("DELETE FROM suppression WHERE did = \(did) AND reason = coalesce(\(reason), reason)")
        if database.changesCount > 0 { return true }
        guard let hash = try forgottenHash(of: did) else { return false }
        try database.run("DELETE FROM forgotten WHERE hash = \(hash) AND reason = coalesce(\(reason), reason)")
        return database.changesCount > 0
    }
}

extension Row {
    /// A state of one of our machines.
    func value<State: RawRepresentable<String>>(_ column: String) throws -> State {
        let text: String = try get(column)
        guard let state = State(rawValue: text) else {
            throw LedgerError(.corrupt, path: "ledger.sqlite", detail: "a row has the unknown state '\(text)'")
        }
        return state
    }

    // A reason that a newer version wrote is shown as none.
    func reason(_ column: String) -> Reason? {
        guard let text: String = try? get(column) else { return nil }
        return Reason(rawValue: text)
    }
}
