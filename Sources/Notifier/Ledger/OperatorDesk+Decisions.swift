internal import Firehose
internal import GRDB
public import LedgerStorage
public import Network

// An operator's decision about many jobs at once. Each job's machine is asked whether the decision would change it. The
// decision is carried out a few jobs at a time, so that other work goes on.
extension OperatorDesk {
    /// How far an operator has seen: a decision does not cover what comes later.
    public struct Horizon: Sendable, Equatable {
        fileprivate let newest: [JobFilter.Kind: Int64]
    }

    /// Everything that exists now.
    public func horizon() async throws(LedgerError) -> Horizon {
        try await database.read { database in
            let (requests, jobs) = (try database.newest(.requests), try database.newest(.jobs))
            return Horizon(newest: [.requests: requests, .jobs: jobs])
        }
    }

    /// How many of the selected jobs and requests without a job a decision would change, by state.
    public func concerned(
        by decision: Decision,
        like filter: JobFilter,
        upTo horizon: Horizon? = nil
    ) async throws(LedgerError) -> [JobState: Int] {
        var counts: [JobState: Int] = [:]
        for kind in JobFilter.Kind.allCases {
            let newest = horizon?.newest[kind] ?? .max
            var next: Int64? = 0
            while let last = next {
                let batch = try await database.read { database in
                    let transaction = LedgerTransaction(database)
                    let rows = try transaction.rows(like: filter, kind, after: last, upTo: newest, limit: 1000)
                    let states = try rows.compactMap { try transaction.state(of: $0, kind, like: filter, if: decision) }
                    return (states: states, last: rows.last)
                }
                for state in batch.states { counts[state, default: 0] += 1 }
                next = batch.last
            }
        }
        return counts
    }

    /// Carries out a decision on everything that a filter selects; returns how many it changed.
    ///
    /// It does not cover what comes meanwhile or as a result. After an interruption, what was decided stays decided.
    public func carryOut(
        _ decision: Decision,
        like filter: JobFilter,
        upTo horizon: Horizon? = nil,
        now: UnixTime
    ) async throws(LedgerError) -> Int {
        var seen = horizon
        if seen == nil { seen = try await self.horizon() }
        var count = 0
        for kind in JobFilter.Kind.allCases {
            let newest = seen?.newest[kind] ?? 0
            var next: Int64? = 0
            while let last = next {
                let batch = try await carryOut(decision, like: filter, kind, after: last, upTo: newest, now: now)
                count += batch.changed
                next = batch.last
            }
        }
        return count
    }

    /// The same for one batch; there may be more after its last row.
    func carryOut(
        _ decision: Decision,
        like filter: JobFilter,
        _ kind: JobFilter.Kind,
        after last: Int64,
        upTo newest: Int64,
        now: UnixTime
    ) async throws(LedgerError) -> (changed: Int, last: Int64?) {
        try await database.transaction(at: now) { transaction in
            let limit = LedgerTransaction.batch / 2
            let rows = try transaction.rows(like: filter, kind, after: last, upTo: newest, limit: limit)
            var changed = 0
            for row in rows {
                guard try transaction.state(of: row, kind, like: filter, if: decision) != nil else { continue }
                if try transaction.carryOut(decision, on: row, kind) { changed += 1 }
            }
            return (changed, rows.last)
        }
    }
}

extension LedgerTransaction {
    /// The numbers of the next selected rows.
    fileprivate func rows(
        like filter: JobFilter,
        _ kind: JobFilter.Kind,
        after last: Int64,
        upTo newest: Int64,
        limit: Int
    ) throws -> [Int64] {
        switch kind {
        case .requests:
            guard let conditions = filter.requestConditions else { return [] }
            return try database.values(
                """
                SELECT id FROM request WHERE \(conditions.joined(separator: " AND ")) AND id > \(last) AND id <= \(newest)
                ORDER BY id LIMIT \(limit)
                """
            )
        case .jobs:
            let none: SQL = "TRUE"
            let conditions = filter.jobConditions.isEmpty ? none : filter.jobConditions.joined(separator: " AND ")
            return try database.values(
                """
                SELECT job.id FROM job JOIN request ON request.id = job.request
                WHERE \(conditions) AND job.id > \(last) AND job.id <= \(newest) ORDER BY job.id LIMIT \(limit)
                """
            )
        }
    }

    /// The state that is shown for a row; nil when the decision would not change it, or the filter wants another state.
    fileprivate func state(
        of id: Int64,
        _ kind: JobFilter.Kind,
        like filter: JobFilter,
        if decision: OperatorDesk.Decision
    ) throws -> JobState? {
        switch kind {
        case .requests:
            guard var machine = try request(id)?.machine else { return nil }
            let state = machine.state == .dropped ? JobState.dropped : .lookup(waitingFor: machine.reason)
            guard filter.state == nil || filter.state == state else { return nil }
            return machine.handle(decision.requestEvent) == nil ? nil : state
        case .jobs:
            guard var machine = try jobRow(id)?.machine else { return nil }
            let state = machine.state
            return machine.handle(decision.jobEvent) == nil ? nil : state
        }
    }

    fileprivate func carryOut(_ decision: OperatorDesk.Decision, on id: Int64, _ kind: JobFilter.Kind) throws -> Bool {
        guard kind == .jobs else { return try carryOut(decision, on: [], of: id) { true } }
        guard let request: Int64 = try jobRow(id)?.row.get("request") else { return false }
        return try carryOut(decision, on: [id], of: request) {
            // A request whose last job is dropped is dropped as well, so that its newer versions are not told.
            let isOpen = try database.exists(
                """
                SELECT 1 FROM job WHERE request = \(request) AND state IN \(JobState.open)
                    AND withdrawal IS NOT \(Reason.operatorDecision)
                """
            )
            return decision == .drop && !isOpen
        }
    }

    /// Carries out a decision on jobs of a request and, if that is then wanted, on the request.
    ///
    /// - Returns: whether anything changed.
    func carryOut(
        _ decision: OperatorDesk.Decision,
        on jobs: [Int64],
        of id: Int64,
        andRequest isWanted: () throws -> Bool
    ) throws -> Bool {
        if decision == .retry { try prepareRetry(of: id) }
        let note = Attempt(.decision, outcome: "\(decision)", reason: .operatorDecision)
        var isChanged = false
        for job in jobs {
            if try apply(decision.jobEvent, toJob: job, note) { isChanged = true }
        }
        // A note that its jobs have is not repeated.
        if try isWanted(), try apply(decision.requestEvent, toRequest: id, isChanged ? nil : note) { isChanged = true }
        return isChanged
    }

    /// Prepares a retry by an operator, however the request was seen.
    private func prepareRetry(of id: Int64) throws {
        // Where nobody can say whether it was told, the operator has looked into the chat.
        let undecided: SQL = """
            EXISTS (SELECT 1 FROM job WHERE request = \(id) AND state = \(JobState.uncertain) AND NOT is_in_doubt)
            """
        try database.run(
            "UPDATE request SET is_shadow = FALSE, may_repeat = may_repeat OR \(undecided) WHERE id = \(id)"
        )
        try demandProofIfDeleted(id)
    }

    /// Lets the author's repository prove that it still has a record whose delete was seen, whose old words are not told.
    func demandProofIfDeleted(_ id: Int64) throws {
        try database.run(
            """
            UPDATE request SET awaits_proof = TRUE WHERE id = \(id) AND NOT awaits_proof
                AND (SELECT operation FROM sighting WHERE uri = request.uri ORDER BY id DESC LIMIT 1)
                    = \(StreamEvent.Commit.Operation.delete)
            """
        )
    }
}

extension OperatorDesk.Decision {
    fileprivate var jobEvent: JobMachine.Event { self == .drop ? .calledOff(.operatorDecision) : .retried }

    fileprivate var requestEvent: RequestMachine.Event { self == .drop ? .calledOff(.operatorDecision) : .retried }
}

extension Database {
    fileprivate func newest(_ kind: JobFilter.Kind) throws -> Int64 {
        switch kind {
        case .requests: try value("SELECT max(id) FROM request") ?? 0
        case .jobs: try value("SELECT max(id) FROM job") ?? 0
        }
    }
}
