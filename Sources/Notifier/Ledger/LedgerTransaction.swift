internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// One transaction of the ledger, which stores share, so that what belongs together is stored together (invariant 1).
final class LedgerTransaction {
    /// The most requests or jobs to which one transaction applies an event; each changes about six rows, counters
    /// included.
    static let batch = 150
    /// The most rows that one transaction gives turns, moves or forgets.
    static let rows = 500

    let database: Database
    /// The waits of the configuration.
    let timetable: Timetable
    let now: UnixTime
    /// The results of the events that were applied in it.
    var applied = Applied()
    /// What it counted by rule and outcome, with the last request of each; written at its end.
    var counted: [RuleTally.Key: (number: Int, uri: ATURI)] = [:]

    init(_ database: Database, _ timetable: Timetable = Timetable(), now: UnixTime = .distantPast) {
        self.database = database
        self.timetable = timetable
        self.now = now
    }

    /// Does something without reporting its results.
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
    /// A request's machine and its row, without the record.
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

    /// A job's machine and its row.
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

    /// Notes an attempt, once for each request concerned, and how long until the next.
    func add(_ note: Attempt, to id: Int64, owner: DID? = nil, message: Int64? = nil, again wait: Duration?) throws {
        try database.run(
            """
            INSERT INTO attempt (request, owner, message, at, phase, outcome, reason, status, error, detail, next_at)
            VALUES (\(id), \(owner), \(message), \(now), \(note.phase), \(note.outcome), \(note.reason),
                \(note.status), \(note.error), \(note.detail), \(wait.map { now + $0 }))
            """
        )
    }

    /// Forgets some of the oldest attempts of a request that has many.
    ///
    /// How often a version is tried is limited, how many versions come is not. Mentions are kept, because they count for
    /// their limits.
    func forgetOldAttempts(of id: Int64) throws {
        let own: SQL = "SELECT id FROM attempt WHERE request = \(id) AND phase <> \(CallPhase.postMention)"
        try database.run(
            """
            DELETE FROM attempt WHERE id IN (\(own) AND id <= (\(own) ORDER BY id DESC LIMIT 1 OFFSET \(Self.batch))
                ORDER BY id LIMIT 10)
            """
        )
    }

    func isSuppressed(_ did: DID) throws -> Bool { try suppressionReason(of: did) != nil }

    /// Why an account gets no messages; nil when it may get them.
    func suppressionReason(of did: DID) throws -> Reason? {
        var row = try database.row("SELECT reason FROM suppression WHERE did = \(did)")
        if row == nil, let hash = try forgottenHash(of: did) {
            row = try database.row("SELECT reason FROM forgotten WHERE hash = \(hash)")
        }
        // A suppression for an unknown reason, written by a newer version, cannot be lifted by “start”.
        return row.map { $0.reason("reason") ?? .operatorDecision }
    }

    /// Suppresses an account, and calls off a first batch of everything that waits for it.
    ///
    /// An account on the list keeps the stronger reason: owners may undo their own “stop” with “start”, but only an
    /// operator undoes a block or an operator's decision.
    func suppress(_ did: DID, _ reason: Reason, note: String = "") throws {
        // A forgotten account stays forgotten.
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

    /// Removes an account from the list, if it is there for this reason, or for any when nil; returns whether it was.
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

    // An unknown reason, written by a newer version, is shown as none.
    func reason(_ column: String) -> Reason? {
        guard let text: String = try? get(column) else { return nil }
        return Reason(rawValue: text)
    }
}
