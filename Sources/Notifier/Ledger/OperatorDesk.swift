public import ATProtocol
internal import GRDB

/// What operators see, and what they decide.
public struct OperatorDesk: Sendable {
    /// What an operator may do with a change request.
    public enum Decision: Sendable {
        /// Try it again; a message in doubt is looked for in the conversation first.
        case retry
        /// Send nothing more about it.
        case drop
    }

    let database: LedgerDatabase

    /// Carries out an operator's decision about a change request and every job of it.
    ///
    /// - Parameters:
    ///   - decision: what is decided.
    ///   - uri: the change request.
    ///   - now: seconds since the Unix epoch.
    /// - Returns: the jobs, as they are now; empty when nothing changed.
    /// - Throws: ``LedgerError``.
    public func carryOut(_ decision: Decision, about uri: ATURI, now: Double) async throws(LedgerError) -> [Job] {
        try await database.write { database in
            let transaction = LedgerTransaction(database: database, timetable: Timetable(), now: now)
            guard
                let request = try Int64.fetchOne(
                    database,
                    sql: "SELECT id FROM request WHERE uri = ?",
                    arguments: [uri.text]
                )
            else { return [] }
            var silent = Applied()
            var isChanged = false
            let note = Attempt(.decision, outcome: "\(decision)", reason: .operatorDecision)
            let jobs = try Int64.fetchAll(
                database,
                sql: "SELECT id FROM job WHERE request = ? ORDER BY id",
                arguments: [request]
            )
            let isShown = try transaction.requestRow(request)?.isShown == true
            switch decision {
            case .drop:
                for job in jobs {
                    let changes = try transaction.apply(.calledOff(.operatorDecision), toJob: job, note, into: &silent)
                    isChanged = changes || isChanged
                }
                let changes = try transaction.apply(
                    .calledOff(.operatorDecision),
                    toRequest: request,
                    isShown ? note : nil,
                    into: &silent
                )
                isChanged = changes || isChanged
            case .retry:
                for job in jobs {
                    let changes = try transaction.apply(.retried, toJob: job, note, into: &silent)
                    isChanged = changes || isChanged
                }
                if isShown { isChanged = try transaction.apply(.retried, toRequest: request, note, into: &silent) }
            }
            guard isChanged else { return [] }
            let now = try database.jobs(about: uri)
            // A request that is looked up again beside a job in doubt is told of when something comes of it.
            return isShown || now.allSatisfy { $0.id == 0 } ? now : now.filter { $0.id != 0 }
        }
    }

    /// Puts what waits for a rule, or was dropped because it is gone, under another and looks it up anew.
    ///
    /// - Parameters:
    ///   - rule: its name until now.
    ///   - name: of the rule that takes its place; the same brings back what was dropped.
    ///   - now: seconds since the Unix epoch.
    /// - Returns: how many requests.
    /// - Throws: ``LedgerError``.
    public func move(rule: String, to name: String, now: Double) async throws(LedgerError) -> Int {
        var (count, last) = (0, Int64(0))
        while true {
            let moved = try await database.write { [last] database in
                let transaction = LedgerTransaction(database: database, timetable: Timetable(), now: now)
                return try transaction.move(rule: rule, to: name, after: last)
            }
            guard let end = moved.last else { return count }
            (count, last) = (count + moved.count, end)
        }
    }

    /// Jobs, and requests that have none, the latest first.
    ///
    /// - Parameters:
    ///   - state: only those of this state; nil for all.
    ///   - limit: at most so many.
    /// - Returns: the jobs.
    /// - Throws: ``LedgerError``.
    public func jobs(in state: JobState? = nil, limit: Int = 1000) async throws(LedgerError) -> [Job] {
        try await database.read { try $0.jobs(in: state, limit: limit) }
    }

    /// The jobs of one change request, or the request alone.
    ///
    /// - Throws: ``LedgerError``.
    public func jobs(about uri: ATURI) async throws(LedgerError) -> [Job] {
        try await database.read { try $0.jobs(about: uri) }
    }

    /// How many stand in each state.
    ///
    /// - Throws: ``LedgerError``.
    public func counts() async throws(LedgerError) -> [JobState: Int] {
        try await database.read { database in
            var counts: [JobState: Int] = [:]
            for tally in try database.tally() { counts[tally.state, default: 0] += tally.number }
            return counts
        }
    }

    /// How many wait for their owner, by reason.
    func waiting() async throws(LedgerError) -> [Reason: Int] {
        try await database.read { database in
            var counts: [Reason: Int] = [:]
            for tally in try database.tally() where tally.state == .deferred {
                counts[tally.reason ?? .waiting, default: 0] += tally.number
            }
            return counts
        }
    }

    /// When the oldest was first seen that neither is finished nor waits for its owner, in seconds since the epoch.
    ///
    /// - Throws: ``LedgerError``.
    public func oldestPending() async throws(LedgerError) -> Double? {
        try await database.read { database in
            func oldest(_ table: String, _ state: String) throws -> Double? {
                try Double.fetchOne(
                    database,
                    sql: "SELECT created_at FROM \(table) WHERE state = ? ORDER BY created_at LIMIT 1",
                    arguments: [state]
                )
            }
            let states = JobState.allCases.filter { !$0.isFinal && $0 != .deferred && $0 != .lookup }
            return try
                ([oldest("request", RequestMachine.State.lookup.rawValue)]
                + states.map { try oldest("job", $0.rawValue) }).compactMap(\.self).min()
        }
    }
}

extension LedgerTransaction {
    fileprivate func move(rule: String, to name: String, after last: Int64) throws -> [Int64] {
        let requests = try Int64.fetchAll(
            database,
            sql: """
                SELECT id FROM request WHERE id > ?1 AND rule = ?2 AND (state = ?3 OR reason = ?4 OR EXISTS (
                    SELECT 1 FROM job WHERE request = request.id AND (state IN (?5, ?6) OR reason = ?4)))
                ORDER BY id LIMIT ?7
                """,
            arguments: [
                last, rule, RequestMachine.State.lookup.rawValue, Reason.ruleRemoved.rawValue,
                JobState.queued.rawValue, JobState.deferred.rawValue, Self.batch,
            ]
        )
        var silent = Applied()
        for request in requests {
            try database.execute(sql: "UPDATE request SET rule = ? WHERE id = ?", arguments: [name, request])
            try apply(.retried, toRequest: request, into: &silent)
        }
        return requests
    }
}

extension Database {
    fileprivate func jobs(about uri: ATURI) throws -> [Job] {
        let jobs = try Row.fetchAll(self, sql: "\(Job.selection) WHERE uri = ? ORDER BY job.id", arguments: [uri.text])
        let request = try Row.fetchAll(self, sql: "\(Job.requests) WHERE uri = ? AND is_shown", arguments: [uri.text])
        return try (jobs + request).map(Job.init(row:))
    }

    fileprivate func jobs(in state: JobState?, limit: Int) throws -> [Job] {
        var rows: [Row] = []
        if let state {
            rows = try Row.fetchAll(
                self,
                sql: "\(Job.selection) WHERE job.state = ? ORDER BY job.id DESC LIMIT ?",
                arguments: [state.rawValue, limit]
            )
            let account = Reason.awaiting(.account)
            let isAccount = "wait_until IS NOT NULL AND reason IN (\(databaseQuestionMarks(count: account.count)))"
            switch state {
            case .deferred:
                rows += try Row.fetchAll(
                    self,
                    sql:
                        "\(Job.requests) WHERE state = ? AND is_shown AND \(isAccount) ORDER BY +request.id DESC LIMIT ?",
                    arguments: [RequestMachine.State.lookup.rawValue] + StatementArguments(account) + [limit]
                )
            case .lookup, .dropped:
                rows += try Row.fetchAll(
                    self,
                    sql: "\(Job.requests) WHERE state = ? AND is_shown ORDER BY request.id DESC LIMIT ?",
                    arguments: [state.rawValue, limit]
                )
            default: break
            }
        } else {
            let latest = "(SELECT id FROM request ORDER BY id DESC LIMIT ?)"
            rows = try Row.fetchAll(self, sql: "\(Job.selection) WHERE request.id IN \(latest)", arguments: [limit])
            rows += try Row.fetchAll(
                self,
                sql: "\(Job.requests) WHERE request.id IN \(latest) AND is_shown",
                arguments: [limit]
            )
        }
        let jobs = try rows.map(Job.init(row:)).filter { state == nil || $0.state == state }
        return Array(jobs.sorted { ($1.request, $1.id) < ($0.request, $0.id) }.prefix(limit))
    }

    fileprivate func tally() throws -> [(state: JobState, reason: Reason?, number: Int)] {
        try Row.fetchAll(self, sql: "SELECT * FROM tally WHERE number > 0").compactMap { row in
            let reason = row.reason("reason")
            guard row["kind"] == "request" else { return (try row.value("state"), reason, row["number"]) }
            switch try row.value("state") as RequestMachine.State {
            case .lookup: return (.lookup(waitingFor: reason), reason, row["number"])
            case .dropped: return (.dropped, reason, row["number"])
            case .resolved: return nil
            }
        }
    }
}
