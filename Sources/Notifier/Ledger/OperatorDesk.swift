public import ATProtocol
internal import GRDB
public import LedgerStorage
public import Network

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

    /// Carries out an operator's decision about a change request and every job of it; the jobs as they are now, none when
    /// nothing changed.
    public func carryOut(_ decision: Decision, about uri: ATURI, now: UnixTime) async throws(LedgerError) -> [Job] {
        try await database.transaction(at: now) { transaction in
            let database = transaction.database
            guard let id: Int64 = try database.value("SELECT id FROM request WHERE uri = \(uri)"),
                let isShown = try transaction.request(id)?.row.get("is_shown") as Bool?
            else { return [] }
            // An operator asks for it, whenever it was seen.
            if decision == .retry {
                // Of what nobody can say whether it was told, they have looked into the chat.
                let undecided: SQL = """
                    EXISTS (SELECT 1 FROM job WHERE request = \(id) AND state = \(JobState.uncertain) AND NOT is_in_doubt)
                    """
                try database.run(
                    "UPDATE request SET is_shadow = FALSE, may_repeat = may_repeat OR \(undecided) WHERE id = \(id)"
                )
            }
            let note = Attempt(.decision, outcome: "\(decision)", reason: .operatorDecision)
            var isChanged = false
            let jobs: [Int64] = try database.values("SELECT id FROM job WHERE request = \(id) ORDER BY id")
            for job in jobs {
                let event: JobMachine.Event = decision == .drop ? .calledOff(.operatorDecision) : .retried
                if try transaction.apply(event, toJob: job, note) { isChanged = true }
            }
            if decision == .drop || isShown {
                let event: RequestMachine.Event = decision == .drop ? .calledOff(.operatorDecision) : .retried
                // What its jobs were told is not told twice.
                if try transaction.apply(event, toRequest: id, isChanged ? nil : note) { isChanged = true }
            }
            guard isChanged else { return [] }
            let standing = try database.jobs(about: uri)
            // A request that is looked up again beside a job in doubt is told of when something comes of it.
            return isShown || standing.allSatisfy { $0.id == 0 } ? standing : standing.filter { $0.id != 0 }
        }
    }

    /// Puts what waits for a rule, or was dropped because it is gone, under another and looks it up anew; how many requests.
    ///
    /// The same name brings back what was dropped.
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

    /// Jobs, and requests that have none, the latest first; those of one state, or of one reason, or all.
    public func jobs(
        in state: JobState? = nil,
        for reason: Reason? = nil,
        limit: Int = 1000
    ) async throws(LedgerError) -> [Job] {
        try await database.read { database in
            guard let reason else { return try database.jobs(in: state, limit: limit) }
            return try database.jobs(for: reason, in: state, limit: limit)
        }
    }

    /// The jobs of one change request, or the request alone.
    public func jobs(about uri: ATURI) async throws(LedgerError) -> [Job] {
        try await database.read { try $0.jobs(about: uri) }
    }

    /// How many stand in each state.
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

    /// How many requests wait for their author's PDS to prove them.
    ///
    /// - Throws: ``LedgerError``.
    public func awaitingProof() async throws(LedgerError) -> Int {
        try await database.read {
            try $0.value(
                "SELECT count(*) FROM request WHERE awaits_proof AND state = \(RequestMachine.State.lookup)"
            ) ?? 0
        }
    }

    /// When the oldest was first seen that neither is finished nor waits for its owner.
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
                AND (state = \(RequestMachine.State.lookup) OR reason = \(gone) OR EXISTS (SELECT 1 FROM job
                    WHERE request = request.id AND (state IN \([JobState.queued, .deferred]) OR reason = \(gone))))
            ORDER BY id LIMIT \(Self.batch)
            """
        )
        for request in requests {
            try database.run("UPDATE request SET rule = \(name) WHERE id = \(request)")
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

    fileprivate func jobs(in state: JobState?, limit: Int) throws -> [Job] {
        let latest: SQL = "(SELECT id FROM request ORDER BY id DESC LIMIT \(limit))"
        let shown: SQL = "WHERE request.state = \(RequestMachine.State.lookup) AND is_shown"
        let account: SQL = "wait_until IS NOT NULL AND reason IN \(Reason.awaiting(.account))"
        let last: SQL = "ORDER BY +request.id DESC LIMIT \(limit)"
        let requests: SQL? =
            switch state {
            case nil: "WHERE request.id IN \(latest) AND is_shown"
            case .deferred: "\(shown) AND \(account) \(last)"
            case .lookup: "\(shown) ORDER BY request.id DESC LIMIT \(limit)"
            case .dropped: "WHERE request.state = \(state) AND is_shown ORDER BY request.id DESC LIMIT \(limit)"
            default: nil
            }
        let jobs: SQL =
            state == nil
            ? "WHERE request.id IN \(latest)" : "WHERE job.state = \(state) ORDER BY job.id DESC LIMIT \(limit)"
        let found =
            try rows("\(Job.selection) \(jobs)") + (requests.map { try rows("\(Job.requests) \($0)") } ?? [])
        return try Array(
            found.map(Job.init(row:)).filter { state == nil || $0.state == state }
                .sorted { ($1.request, $1.id) < ($0.request, $0.id) }.prefix(limit)
        )
    }

    fileprivate func jobs(for reason: Reason, in state: JobState?, limit: Int) throws -> [Job] {
        let jobs: SQL = state.map { "AND job.state = \($0)" } ?? ""
        let found =
            try rows("\(Job.selection) WHERE job.reason = \(reason) \(jobs) ORDER BY job.id DESC LIMIT \(limit)")
            + rows("\(Job.requests) WHERE reason = \(reason) AND is_shown ORDER BY request.id DESC LIMIT \(limit)")
        return try Array(
            found.map(Job.init(row:)).filter { state == nil || $0.state == state }
                .sorted { ($1.request, $1.id) < ($0.request, $0.id) }.prefix(limit)
        )
    }

    fileprivate func tally() throws -> [(state: JobState, reason: Reason?, number: Int)] {
        try rows("SELECT * FROM tally WHERE number > 0").compactMap { row in
            let reason = row.reason("reason")
            guard try (row.get("kind") as String) == "request" else {
                return (try row.value("state"), reason, try row.get("number"))
            }
            switch try row.value("state") as RequestMachine.State {
            case .lookup: return (.lookup(waitingFor: reason), reason, try row.get("number"))
            case .dropped: return (.dropped, reason, try row.get("number"))
            case .resolved: return nil
            }
        }
    }
}
