internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// The result of reviewing a batch of rows.
struct Review: Sendable {
    var applied = Applied()
    /// Where the next batch begins; nil after the last one.
    var next: ReviewPlace?
    /// How many wait for a rule that was removed, by rule; they are dropped when their turn comes, unless moved before.
    var withoutRule: [String: Int] = [:]
}

/// How far the review of waiting rows has come.
enum ReviewPlace: Sendable, Equatable {
    case lookup(after: Int64)
    case job(JobState, after: Int64)
    case recipients

    static let first = Self.lookup(after: 0)
}

extension JobQueue {
    /// Reviews a batch of waiting rows by the present settings.
    ///
    /// What they exclude is called off, what they allow goes on, and due times that come from a setting are set anew.
    /// Doing it twice does no harm.
    func review(_ place: ReviewPlace, policy: AdmissionPolicy, now: UnixTime) async throws(LedgerError) -> Review {
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
        let rows = try database.rows(
            """
            \(Job.requests) WHERE state = \(RequestMachine.State.lookup) AND is_shown AND request.id > \(last)
            ORDER BY request.id LIMIT \(Self.batch)
            """
        )
        for request in try rows.map(Job.init(row:)) {
            if !policy.hasRule(request.rule, for: request.uri) { review.withoutRule[request.rule, default: 0] += 1 }
            try database.run(
                """
                UPDATE request SET due_at = min(due_at, \(now + timetable.lookup.longest)),
                    wait_until = \(waitUntil(since: "updated_at"))
                WHERE id = \(request.request)
                """
            )
        }
        review.next =
            try rows.count < Self.batch
            ? .job(.queued, after: 0) : rows.last.map { try .lookup(after: $0.get("request")) }
        return review
    }

    fileprivate func reviewJobs(in state: JobState, after last: Int64, _ policy: AdmissionPolicy) throws -> Review {
        var review = Review()
        let rows = try database.rows(
            "\(Job.selection) WHERE job.state = \(state) AND job.id > \(last) ORDER BY job.id LIMIT \(Self.batch)"
        )
        for job in try rows.map(Job.init(row:)) {
            let admission = try policy.admission(of: job, in: self)
            guard admission != .refused(.ruleRemoved) else {
                review.withoutRule[job.rule, default: 0] += 1
                continue
            }
            if state == .queued, job.reason?.waits == .limit { try apply(.wakened, toJob: job.id) }
            let until = waitUntil(since: "(SELECT updated_at FROM job WHERE id = \(job.id))")
            // A job that is deferred again goes on with the wait of its request.
            try database.run(
                "UPDATE request SET wait_until = \(until) WHERE id = \(job.request) AND wait_until <> \(until)"
            )
            let isChanged = try apply(.admitted(admission), toJob: job.id, wait: timetable.wait(for: admission))
            guard !isChanged, state == .deferred, let reason = job.reason else { continue }
            // A wait for a follow is due at its end; the recipient's row says when to ask about the follow.
            let wait = reason.waits == .follow ? nil : timetable.wait(for: reason)
            let due: SQL = "min(\(until), coalesce(min(due_at, updated_at + \(wait)), \(until)))"
            try database.run(
                """
                UPDATE job SET wait_until = \(until), due_at = \(due), turn = nullif(turn, -1)
                WHERE id = \(job.id) AND (due_at, wait_until, turn) IS NOT (\(due), \(until), nullif(turn, -1))
                """
            )
        }
        review.applied = applied
        if rows.count == Self.batch {
            review.next = try rows.last.map { try .job(state, after: $0.get("id")) }
        } else {
            review.next = state == .queued ? .job(.deferred, after: 0) : .recipients
        }
        return review
    }

    /// Until when a row may wait by the present settings, if it waits since this time.
    private func waitUntil(since time: SQL) -> SQL {
        "max(created_at + \(timetable.expiry), min(wait_until, \(time) + \(timetable.expiry)))"
    }

    fileprivate func reviewRecipients() throws -> Review {
        try Review(next: hastenQuestions(atMost: Self.rows) == Self.rows ? .recipients : nil)
    }
}

extension AdmissionPolicy {
    /// Whether the recipient of a job may be told, by what the ledger knows.
    func admission(of job: Job, in transaction: LedgerTransaction) throws -> Admission {
        guard let owner = job.owner else { return .refused(.ownerFieldInvalid) }
        if let reason = try transaction.reasonForCallingOff(job) { return .refused(reason) }
        let verdict = admission(
            of: owner,
            as: job.role,
            to: job.uri,
            by: job.author,
            rule: job.rule,
            isShadow: job.isShadow,
            isSuppressed: try transaction.isSuppressed(owner),
            isMuted: try transaction.isMuted(job.project, for: owner),
            isFollower: try transaction.follows(owner)
        )
        // A refusal by the settings is reported under its own reason: subscribers whom a rule no longer tells are soon
        // forgotten.
        if case .refused = verdict { return verdict }
        let confirmation = try transaction.confirmation(of: job)
        return confirmation == .told ? verdict : confirmation
    }
}
