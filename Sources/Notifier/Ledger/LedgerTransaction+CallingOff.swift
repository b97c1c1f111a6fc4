internal import ATProtocol
internal import GRDB
internal import LedgerStorage

// One row calls off everything unfinished of an account. It is obeyed at once wherever something is about to be sent.
// The requests and jobs follow in batches, one transaction each, and go on after an interruption.
extension LedgerTransaction {
    /// The account's role in what is called off.
    enum Role: String {
        /// The recipient.
        case owner
        /// The author.
        case author
    }

    /// Calls off what is unfinished of an account: a batch at once, the rest by ``callOffNext()``.
    ///
    /// Only what the stream told until `limit`, in microseconds since the Unix epoch.
    func callOff(_ did: DID, _ role: Role, _ reason: Reason, witnessedBefore limit: Int64 = .max) throws {
        try database.run(
            """
            INSERT INTO calling_off (did, role, reason, witnessed, request)
            VALUES (\(did), \(role), \(reason), \(limit), coalesce((SELECT max(id) FROM request), 0))
            ON CONFLICT DO UPDATE SET reason = excluded.reason, witnessed = max(witnessed, excluded.witnessed),
                request = excluded.request
            """
        )
        try callOffNext(where: "did = \(did) AND role = \(role)")
    }

    /// Calls off the next batch; returns whether there was one.
    @discardableResult
    func callOffNext(where which: SQL = "TRUE") throws -> Bool {
        guard let row = try database.row("SELECT * FROM calling_off WHERE \(which) LIMIT 1") else { return false }
        let (did, role, reason): (DID, Role, _) = (
            try DID(row.get("did")), try row.value("role"), row.reason("reason") ?? .operatorDecision
        )
        let (request, witnessed): (Int64, Int64) = try (row.get("request"), row.get("witnessed"))
        var room = Self.batch - applied.outcomes.count
        // Jobs with a message or post in doubt note why they are called off, and keep their state.
        let jobs: SQL = """
            FROM job CROSS JOIN request ON request.id = job.request
            WHERE job.\(sql: role.rawValue) = \(did) AND withdrawal IS NOT \(reason) AND request <= \(request)
                AND witnessed <= \(witnessed) AND job.state IN
            """
        switch role {
        case .owner:
            let jobs: [Int64] = try database.values("SELECT job.id \(jobs) \(JobState.open) LIMIT \(max(0, room))")
            for job in jobs { try apply(.calledOff(reason), toJob: job) }
            room -= jobs.count
        case .author:
            let states = JobState.open.filter { $0 != .uncertain }
            let resolved = RequestMachine.State.resolved
            for requests in [
                """
                SELECT id FROM request WHERE author = \(did) AND state = \(RequestMachine.State.lookup)
                    AND id <= \(request) AND witnessed <= \(witnessed)
                """, "SELECT request \(jobs) \(states) AND request.state = \(resolved)",
            ] as [SQL] {
                let requests: [Int64] = try database.values("\(requests) LIMIT \(max(0, room))")
                for request in requests { try apply(.calledOff(reason), toRequest: request) }
                room -= requests.count
            }
        }
        if room > 0 {
            try database.run("DELETE FROM calling_off WHERE did = \(did) AND role = \(role)")
        } else {
            applied.isUnfinished = true
        }
        return true
    }

    /// Why a job must not be sent although its own calling-off is still to come; nil when it may be sent.
    func reasonForCallingOff(_ job: Job) throws -> Reason? {
        try database.row(
            """
            SELECT reason FROM calling_off
            WHERE (did = \(job.owner) AND role = \(Role.owner) OR did = \(job.author) AND role = \(Role.author))
                AND request >= \(job.request) AND witnessed >= \(job.witnessed)
            """
        )?.reason("reason")
    }
}

extension JobState {
    /// The states in which a job may still be called off, including those that need a decision.
    static let open = allCases.filter { !$0.isFinal || $0 == .uncertain }
}
