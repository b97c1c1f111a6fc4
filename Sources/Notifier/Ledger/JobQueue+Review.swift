internal import ATProtocol
internal import GRDB

/// What became of a batch of rows that were looked at anew.
struct Review: Sendable {
    var applied = Applied()
    /// Where the next batch begins; nil behind the last one.
    var next: ReviewPlace?
    /// How many wait for a rule that is gone, by rule: they are dropped when their turn comes, and can be moved before.
    var withoutRule: [String: Int] = [:]
}

/// How far what waits has been looked at.
enum ReviewPlace: Sendable, Equatable {
    case lookup(after: Int64)
    case job(JobState, after: Int64)

    static let first = Self.lookup(after: 0)
}

extension JobQueue {
    /// Looks a batch of what waits at anew, by the settings of this moment: what they exclude is called off, what they
    /// let through goes on, and due times that stem from a setting follow it. To do it twice does no harm.
    func review(_ place: ReviewPlace, policy: AdmissionPolicy, now: Double) async throws(LedgerError) -> Review {
        try await write(at: now) { transaction in
            switch place {
            case .lookup(let last): try transaction.reviewLookups(after: last, policy)
            case .job(let state, let last): try transaction.reviewJobs(in: state, after: last, policy)
            }
        }
    }
}

extension LedgerTransaction {
    fileprivate func reviewLookups(after last: Int64, _ policy: AdmissionPolicy) throws -> Review {
        var review = Review()
        let rows = try Row.fetchAll(
            database,
            sql: "\(Job.requests) WHERE state = ? AND jobs = 0 AND id > ? ORDER BY id LIMIT ?",
            arguments: [RequestMachine.State.lookup.rawValue, last, Self.batch]
        )
        for request in try rows.map(Job.init(row:)) {
            if !policy.hasRule(for: request) { review.withoutRule[request.rule, default: 0] += 1 }
            try database.execute(
                sql: """
                    UPDATE request SET due_at = min(due_at, ?1),
                        wait_until = max(created_at + ?2, min(wait_until, updated_at + ?2)) WHERE id = ?3
                    """,
                arguments: [now + timetable.lookup.longest, timetable.expiry, request.request]
            )
        }
        review.next =
            rows.count < Self.batch ? .job(.queued, after: 0) : rows.last.map { .lookup(after: $0["request"]) }
        return review
    }

    fileprivate func reviewJobs(in state: JobState, after last: Int64, _ policy: AdmissionPolicy) throws -> Review {
        var review = Review()
        let rows = try Row.fetchAll(
            database,
            sql: "\(Job.selection) WHERE job.state = ? AND job.id > ? ORDER BY job.id LIMIT ?",
            arguments: [state.rawValue, last, Self.batch]
        )
        for job in try rows.map(Job.init(row:)) {
            let admission = try policy.admission(of: job, in: self)
            guard admission != .refused(.ruleRemoved) else {
                review.withoutRule[job.rule, default: 0] += 1
                continue
            }
            if state == .queued, job.reason?.waits == .limit {
                try apply(.wakened, toJob: job.id, into: &review.applied)
            }
            let isChanged = try apply(.admitted(admission), toJob: job.id, into: &review.applied)
            guard !isChanged, state == .deferred, let reason = job.reason else { continue }
            try database.execute(
                sql: """
                    UPDATE job SET due_at = min(due_at, updated_at + ?1),
                        wait_until = max(created_at + ?2, min(wait_until, updated_at + ?2)) WHERE id = ?3
                    """,
                arguments: [timetable.wait(for: reason), timetable.expiry, job.id]
            )
        }
        if rows.count == Self.batch {
            review.next = rows.last.map { .job(state, after: $0["id"]) }
        } else if state == .queued {
            review.next = .job(.deferred, after: 0)
        }
        return review
    }
}

extension AdmissionPolicy {
    /// Whether the recipient of a job is told, by what the ledger knows of them.
    func admission(of job: Job, in transaction: LedgerTransaction) throws -> Admission {
        guard let owner = job.owner else { return .refused(.ownerFieldInvalid) }
        let follows = try Bool.fetchOne(
            transaction.database,
            sql: "SELECT follows FROM recipient WHERE did = ? AND follows IS NOT NULL",
            arguments: [owner.text]
        )
        let isSuppressed = try transaction.isSuppressed(owner)
        return admission(of: owner, to: job, isSuppressed: isSuppressed, isFollower: follows)
    }
}
