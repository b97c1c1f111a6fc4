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
    case recipients

    static let first = Self.lookup(after: 0)
}

extension JobQueue {
    /// Looks at a batch of what waits anew, by the settings of this moment.
    ///
    /// What they exclude is called off, what they let through goes on, and due times that stem from a setting follow it. To do
    /// it twice does no harm.
    func review(_ place: ReviewPlace, policy: AdmissionPolicy, now: Double) async throws(LedgerError) -> Review {
        try await write(at: now) { transaction in
            switch place {
            case .lookup(let last): try transaction.reviewLookups(after: last, policy)
            case .job(let state, let last): try transaction.reviewJobs(in: state, after: last, policy)
            case .recipients: try transaction.reviewRecipients()
            }
        }
    }
}

extension LedgerTransaction {
    fileprivate func reviewLookups(after last: Int64, _ policy: AdmissionPolicy) throws -> Review {
        var review = Review()
        let rows = try Row.fetchAll(
            database,
            sql: "\(Job.requests) WHERE state = ? AND is_shown AND request.id > ? ORDER BY request.id LIMIT ?",
            arguments: [RequestMachine.State.lookup.rawValue, last, Self.batch]
        )
        for request in try rows.map(Job.init(row:)) {
            if !policy.hasRule(request.rule, for: request.uri) { review.withoutRule[request.rule, default: 0] += 1 }
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
            let pause = timetable.wait(for: admission)
            let isChanged = try apply(.admitted(admission), toJob: job.id, wait: pause, into: &review.applied)
            guard !isChanged, state == .deferred, let reason = job.reason else { continue }
            let until = "max(created_at + ?1, min(wait_until, updated_at + ?1))"
            // What waits for a follow is due at its end; when its recipient is asked after stands with the recipient.
            let wait = reason.waits == .follow ? nil : timetable.wait(for: reason)
            try database.execute(
                sql: """
                    UPDATE job SET wait_until = \(until),
                        due_at = min(\(until), coalesce(min(due_at, updated_at + ?2), \(until)))
                    WHERE id = ?3 AND (due_at, wait_until) IS NOT
                        (min(\(until), coalesce(min(due_at, updated_at + ?2), \(until))), \(until))
                    """,
                arguments: [timetable.expiry, wait, job.id]
            )
        }
        if rows.count == Self.batch {
            review.next = rows.last.map { .job(state, after: $0["id"]) }
        } else {
            review.next = state == .queued ? .job(.deferred, after: 0) : .recipients
        }
        return review
    }

    fileprivate func reviewRecipients() throws -> Review {
        let next = now + timetable.follow
        var room = Self.rows
        for follows in [nil, false, true] as [Bool?] {
            try database.execute(
                sql: """
                    UPDATE recipient SET ask_at = ?1
                    WHERE did IN (SELECT did FROM recipient WHERE follows IS ?2 AND ask_at > ?1 LIMIT ?3)
                    """,
                arguments: [next, follows, room]
            )
            room -= database.changesCount
        }
        var review = Review()
        if room == 0 { review.next = .recipients }
        return review
    }
}

extension AdmissionPolicy {
    /// Whether the recipient of a job is told, by what the ledger knows of them.
    func admission(of job: Job, in transaction: LedgerTransaction) throws -> Admission {
        guard let owner = job.owner else { return .refused(.ownerFieldInvalid) }
        if let reason = try transaction.reasonForCallingOff(job) { return .refused(reason) }
        return admission(
            of: owner,
            to: job.uri,
            by: job.author,
            rule: job.rule,
            isSuppressed: try transaction.isSuppressed(owner),
            isFollower: try transaction.follows(owner)
        )
    }
}
