internal import ATProtocol
internal import GRDB

// Whatever is unfinished of an account is called off by one row, which is obeyed at once wherever something is about to leave;
// the requests and jobs themselves follow in batches, each in a transaction of its own, and go on after an interruption.
extension LedgerTransaction {
    /// What an account is to that which is called off.
    enum Role: String {
        /// Its recipient.
        case owner
        /// Who wrote it.
        case author
    }

    /// Calls off what is unfinished of an account: a batch at once, the rest by ``callOffNext(into:)``.
    ///
    /// - Parameters:
    ///   - did: the account.
    ///   - role: what it is to what is called off.
    ///   - reason: why.
    ///   - limit: only what the stream told until then, in microseconds since the Unix epoch.
    ///   - result: what came of it.
    /// - Throws: `DatabaseError`.
    func callOff(
        _ did: DID,
        _ role: Role,
        _ reason: Reason,
        witnessedBefore limit: Int64 = .max,
        into result: inout Applied
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO calling_off (did, role, reason, witnessed, request)
                VALUES (?, ?, ?, ?, coalesce((SELECT max(id) FROM request), 0))
                ON CONFLICT DO UPDATE SET reason = excluded.reason, witnessed = max(witnessed, excluded.witnessed),
                    request = excluded.request
                """,
            arguments: [did.text, role.rawValue, reason.rawValue, limit]
        )
        try callOffNext(of: did, role, into: &result)
    }

    /// Calls off the next batch of what is to be called off; whether there was anything.
    func callOffNext(into result: inout Applied) throws -> Bool {
        guard let row = try Row.fetchOne(database, sql: "SELECT did, role FROM calling_off LIMIT 1") else {
            return false
        }
        try callOffNext(of: try DID(row["did"]), try row.value("role"), into: &result)
        return true
    }

    /// Why a job must not leave though it was not yet its turn to be called off; nil when nothing speaks against it.
    func reasonForCallingOff(_ job: Job) throws -> Reason? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT reason FROM calling_off WHERE (did = ? AND role = ? OR did = ? AND role = ?)
                    AND request >= ? AND witnessed >= ?
                """,
            arguments: [
                job.owner?.text, Role.owner.rawValue, job.author.text, Role.author.rawValue, job.request, job.witnessed,
            ]
        )?.reason("reason")
    }

    private func callOffNext(of did: DID, _ role: Role, into result: inout Applied) throws {
        let room = Self.batch - result.outcomes.count
        var left = room
        if left > 0,
            let row = try Row.fetchOne(
                database,
                sql: "SELECT * FROM calling_off WHERE did = ? AND role = ?",
                arguments: [did.text, role.rawValue]
            )
        {
            let reason = row.reason("reason") ?? .operatorDecision
            switch role {
            case .owner:
                let jobs = try jobs(toCallOff: row, "job.owner", JobState.open, reason, limit: left)
                for job in jobs { try apply(.calledOff(reason), toJob: job["id"], into: &result) }
                left -= jobs.count
            case .author:
                let requests = try requests(toCallOff: row, limit: left)
                let jobs = try jobs(
                    toCallOff: row,
                    "job.author",
                    JobState.open.filter { $0 != .uncertain },
                    reason,
                    limit: left - requests.count
                )
                for request in requests + jobs.map({ $0["request"] }) {
                    try apply(.calledOff(reason), toRequest: request, into: &result)
                }
                left -= requests.count + jobs.count
            }
        }
        guard left > 0 else { return result.isUnfinished = true }
        try database.execute(
            sql: "DELETE FROM calling_off WHERE did = ? AND role = ?",
            arguments: [did.text, role.rawValue]
        )
    }

    private func requests(toCallOff row: Row, limit: Int) throws -> [Int64] {
        try Int64.fetchAll(
            database,
            sql: "SELECT id FROM request WHERE author = ? AND state = ? AND id <= ? AND witnessed <= ? LIMIT ?",
            arguments: [
                row["did"] as String, RequestMachine.State.lookup.rawValue, row["request"] as Int64,
                row["witnessed"] as Int64, limit,
            ]
        )
    }

    // What has a message, or a post, in doubt takes note of why it is called off and stays where it stands.
    private func jobs(
        toCallOff row: Row,
        _ column: String,
        _ states: [JobState],
        _ reason: Reason,
        limit: Int
    ) throws -> [Row] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT job.id AS id, request FROM job CROSS JOIN request ON request.id = job.request
                WHERE \(column) = ? AND job.state IN (\(databaseQuestionMarks(count: states.count)))
                    AND withdrawal IS NOT ? AND request <= ? AND witnessed <= ? AND (job.owner = ? OR request.state = ?)
                LIMIT ?
                """,
            arguments: [row["did"] as String] + StatementArguments(states.map(\.rawValue)) + [
                reason.rawValue, row["request"] as Int64, row["witnessed"] as Int64, row["did"] as String,
                RequestMachine.State.resolved.rawValue, limit,
            ]
        )
    }
}

extension JobState {
    /// Where a job stands that may still be called off, those among them of which only a human can know more.
    static let open = allCases.filter { !$0.isFinal || $0 == .uncertain }
}
