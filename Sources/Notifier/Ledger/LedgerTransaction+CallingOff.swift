internal import ATProtocol
internal import GRDB
internal import LedgerStorage

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

    /// Calls off the next batch of what is to be called off; whether there was anything.
    @discardableResult
    func callOffNext(where which: SQL = "TRUE") throws -> Bool {
        guard let row = try database.row("SELECT * FROM calling_off WHERE \(which) LIMIT 1") else { return false }
        let (did, role, reason): (DID, Role, _) = (
            try DID(row.get("did")), try row.value("role"), row.reason("reason") ?? .operatorDecision
        )
        let (request, witnessed): (Int64, Int64) = try (row.get("request"), row.get("witnessed"))
        var room = Self.batch - applied.outcomes.count
        // What has a message, or a post, in doubt takes note of why it is called off and stays where it stands.
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

    /// Why a job must not leave though it was not yet its turn to be called off; nil when nothing speaks against it.
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
    /// Where a job stands that may still be called off, those among them of which only a human can know more.
    static let open = allCases.filter { !$0.isFinal || $0 == .uncertain }
}
