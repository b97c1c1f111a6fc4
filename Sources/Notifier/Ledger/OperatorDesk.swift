public import ATProtocol
internal import GRDB
public import LedgerStorage
public import Network

/// What operators see, and what they decide.
public struct OperatorDesk: Sendable {
    /// What an operator may do with a change request.
    public enum Decision: Sendable {
        /// Try it again; for a message in doubt the conversation is read first.
        case retry
        /// Send nothing more about it.
        case drop
    }

    let database: LedgerDatabase

    /// Carries out an operator's decision about a change request and all of its jobs.
    ///
    /// - Returns: the jobs as they are now; empty when nothing changed.
    public func carryOut(_ decision: Decision, about uri: ATURI, now: UnixTime) async throws(LedgerError) -> [Job] {
        try await database.transaction(at: now) { transaction in
            let database = transaction.database
            guard let id: Int64 = try database.value("SELECT id FROM request WHERE uri = \(uri)"),
                let isShown = try transaction.request(id)?.row.get("is_shown") as Bool?
            else { return [] }
            let jobs: [Int64] = try database.values("SELECT id FROM job WHERE request = \(id) ORDER BY id")
            let isChanged = try transaction.carryOut(decision, on: jobs, of: id) { decision == .drop || isShown }
            guard isChanged else { return [] }
            let standing = try database.jobs(about: uri)
            // A request that is looked up again beside a job in doubt is shown once there is a result.
            return isShown || standing.allSatisfy { $0.id == 0 } ? standing : standing.filter { $0.id != 0 }
        }
    }

    /// Moves everything that waits for a rule, or was dropped because the rule was removed, to another rule.
    ///
    /// Everything moved is looked up anew. The same name brings back what was dropped. What was deleted or dropped for
    /// another reason since stays so.
    ///
    /// - Returns: how many requests were moved.
    public func move(rule: String, to name: String, now: UnixTime) async throws(LedgerError) -> Int {
        var (count, last) = (0, Int64(0))
        while true {
            let moved = try await database.transaction(at: now) { [last] in
                try $0.move(rule: rule, to: name, after: last)
            }
            guard let end = moved.last else { return count }
            (count, last) = (count + moved.count, end)
        }
    }

    /// The latest of the jobs and requests without a job that a filter selects, up to a number, newest first.
    public func jobs(like filter: JobFilter, limit: Int) async throws(LedgerError) -> [Job] {
        try await database.read { try $0.jobs(like: filter, limit: limit) }
    }

    /// The jobs of one change request; the request itself when it has none.
    public func jobs(about uri: ATURI) async throws(LedgerError) -> [Job] {
        try await database.read { try $0.jobs(about: uri) }
    }

    /// How many jobs have each state.
    public func counts() async throws(LedgerError) -> [JobState: Int] {
        try await database.read { database in
            var counts: [JobState: Int] = [:]
            for tally in try database.tally() { counts[tally.state, default: 0] += tally.number }
            return counts
        }
    }

    /// How many jobs wait for their owner, by reason.
    func waiting() async throws(LedgerError) -> [Reason: Int] {
        try await database.read { database in
            var counts: [Reason: Int] = [:]
            for tally in try database.tally() where tally.state == .deferred {
                counts[tally.reason ?? .waiting, default: 0] += tally.number
            }
            return counts
        }
    }

    /// How many requests their author's PDS must still prove.
    ///
    /// - Throws: ``LedgerError``.
    public func awaitingProof() async throws(LedgerError) -> Int {
        try await database.read {
            try $0.value(
                "SELECT count(*) FROM request WHERE awaits_proof AND state = \(RequestMachine.State.lookup)"
            ) ?? 0
        }
    }

    /// When the oldest job was first seen that is neither finished nor waiting for its owner; nil for none.
    public func oldestPending() async throws(LedgerError) -> UnixTime? {
        try await database.read { database in
            let states = JobState.allCases.filter { !$0.isFinal && $0 != .deferred && $0 != .lookup }
            let kinds: [SQL] =
                ["request WHERE state = \(RequestMachine.State.lookup)"] + states.map { "job WHERE state = \($0)" }
            return try kinds.compactMap { kind -> UnixTime? in
                try database.value("SELECT created_at FROM \(kind) ORDER BY created_at LIMIT 1")
            }.min()
        }
    }
}

extension LedgerTransaction {
    fileprivate func move(rule: String, to name: String, after last: Int64) throws -> [Int64] {
        let gone = Reason.ruleRemoved
        let requests: [Int64] = try database.values(
            """
            SELECT id FROM request WHERE id > \(last) AND rule = \(rule)
                AND (state = \(RequestMachine.State.lookup) OR reason = \(gone)
                    OR state = \(RequestMachine.State.resolved) AND EXISTS (SELECT 1 FROM job
                        WHERE request = request.id AND (state IN \([JobState.queued, .deferred]) OR reason = \(gone))))
            ORDER BY id LIMIT \(Self.batch)
            """
        )
        for request in requests {
            try database.run("UPDATE request SET rule = \(name) WHERE id = \(request)")
            try demandProofIfDeleted(request)
            try apply(.retried, toRequest: request)
        }
        return requests
    }
}

extension Database {
    func jobs(about uri: ATURI) throws -> [Job] {
        let jobs = try rows("\(Job.selection) WHERE uri = \(uri) ORDER BY job.id")
        let request = try rows("\(Job.requests) WHERE uri = \(uri) AND is_shown")
        return try (jobs + request).map(Job.init(row:))
    }

    fileprivate func jobs(like filter: JobFilter, limit: Int) throws -> [Job] {
        let newest: SQL = "request.id IN (SELECT id FROM request ORDER BY id DESC LIMIT \(limit))"
        // Few requests wait for an account, and the index of waiting requests finds them.
        let number: SQL = filter.state == .deferred ? "+request.id" : "request.id"
        func latest(_ conditions: [SQL], _ number: SQL) -> SQL {
            "\(conditions.joined(separator: " AND ")) ORDER BY \(number) DESC LIMIT \(limit)"
        }
        let isEmpty = filter.isEmpty
        let jobs = isEmpty ? newest : latest(filter.jobConditions, "job.id")
        let requests: SQL? = isEmpty ? "\(newest) AND is_shown" : filter.requestConditions.map { latest($0, number) }
        let found =
            try rows("\(Job.selection) WHERE \(jobs)")
            + (requests.map { try rows("\(Job.requests) WHERE \($0)") } ?? [])
        return try Array(
            found.map(Job.init(row:)).filter { filter.state == nil || $0.state == filter.state }
                .sorted { ($1.request, $1.id) < ($0.request, $0.id) }.prefix(limit)
        )
    }

    /// How many have each state and reason, requests without jobs included.
    func tally() throws -> [LedgerOverview.Standing] {
        try rows("SELECT * FROM tally WHERE number > 0").compactMap { row -> LedgerOverview.Standing? in
            let reason = row.reason("reason")
            let state: JobState
            if try (row.get("kind") as String) == "job" {
                state = try row.value("state")
            } else {
                switch try row.value("state") as RequestMachine.State {
                case .lookup: state = .lookup(waitingFor: reason)
                case .dropped: state = .dropped
                case .resolved: return nil
                }
            }
            return LedgerOverview.Standing(state: state, reason: reason, number: try row.get("number"))
        }
    }
}
