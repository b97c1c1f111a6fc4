internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

/// Whom to mention next.
enum MentionCandidate: Sendable {
    /// Nobody.
    case nobody
    /// Nobody before this time.
    case waits(until: UnixTime)
    /// The owner of this request, with the time when it was first seen.
    ///
    /// It is ``JobState/posting`` from now on, unless sending is off.
    case post(Job)
    /// Nobody: it was found that somebody must not be mentioned, or not again.
    case calledOff(Applied)
}

extension JobQueue {
    /// The next owner to mention; their request is marked before anything is sent (invariant 3).
    ///
    /// A post that may exist already comes first, because making it again does no harm. Authors take turns. The present
    /// settings decide about both. While sending is off, posts that may exist are left alone.
    func nextMention(
        _ configuration: MentionConfiguration,
        policy: AdmissionPolicy,
        now: UnixTime
    ) async throws(LedgerError) -> MentionCandidate {
        try await write(at: now) { transaction in
            let owners = try transaction.mentioned(of: configuration.owners)
            let underWay = policy.isSendingEnabled ? try transaction.mentionUnderWay() : nil
            if let underWay {
                // They do not want to be mentioned any more.
                guard underWay.owner.map({ owners.contains($0) }) == true else {
                    try transaction.apply(.postFailed(.impossible), toJob: underWay.id)
                    return .calledOff(transaction.applied)
                }
            } else {
                guard !owners.isEmpty else { return .nobody }
                let limits = [(configuration.interval, 1), (.seconds(86_400), configuration.dailyLimit)]
                let free = try limits.compactMap { try transaction.mentionFreeAt(limit: $1, window: $0) }
                if let until = free.max() { return .waits(until: until) }
            }
            guard let job = try underWay ?? transaction.nextMention(of: owners) else { return .nobody }
            if case .refused(let reason) = try policy.admission(of: job, in: transaction) {
                if reason != .ruleRemoved {
                    try transaction.apply(.calledOff(reason), toJob: job.id)
                } else if underWay == nil {
                    // It waits for its rule, or for an operator who moves it to another.
                    try transaction.passOver(job.id)
                    return .calledOff(transaction.applied)
                }
            }
            if policy.isSendingEnabled { try transaction.apply(.mentionBegun, toJob: job.id) }
            let isMeant =
                try transaction.jobRow(job.id)?.machine.state == (policy.isSendingEnabled ? .posting : .deferred)
            return isMeant ? .post(job) : .calledOff(transaction.applied)
        }
    }

    /// Whether a post that was begun a while ago may still be made, by what is known now and by the present settings.
    ///
    /// If not, ``nextMention(_:policy:now:)`` says what becomes of it.
    func mayPost(
        _ id: Int64,
        _ configuration: MentionConfiguration,
        policy: AdmissionPolicy,
        now: UnixTime
    ) async throws(LedgerError) -> Bool {
        try await write(at: now) { transaction in
            guard let machine = try transaction.jobRow(id)?.machine, machine.state == .posting,
                machine.withdrawal == nil, let job = try transaction.job(id), let owner = job.owner,
                try transaction.mentioned(of: configuration.owners).contains(owner)
            else { return false }
            let admission = try policy.admission(of: job, in: transaction)
            // Whether there is a post already that may be in doubt is found out by making it again.
            return !admission.isRefused || admission == .refused(.ruleRemoved)
        }
    }

    /// Stores that a post failed.
    ///
    /// A job that waits again is judged by the present settings, because other waiting jobs may have been reviewed
    /// meanwhile.
    func postFailed(
        _ outcome: JobMachine.PostOutcome,
        of id: Int64,
        _ note: Attempt,
        wait: Duration = .zero,
        policy: AdmissionPolicy,
        now: UnixTime
    ) async throws(LedgerError) -> Applied {
        try await applied(at: now) { transaction in
            try transaction.apply(.postFailed(outcome), toJob: id, note, wait: wait)
            guard let job = try transaction.job(id), job.state == .deferred else { return }
            let admission = try policy.admission(of: job, in: transaction)
            guard admission != .refused(.ruleRemoved) else { return }
            try transaction.apply(.admitted(admission), toJob: id, wait: transaction.timetable.wait(for: admission))
        }
    }

    /// Those of these owners who agreed to mentions, with all who have agreed since, and without those who no longer
    /// do.
    func mentioned(of owners: Set<DID>) async throws(LedgerError) -> Set<DID> {
        try await database.read { try LedgerTransaction($0).mentioned(of: owners) }
    }

    /// Takes up the posts that were under way when the process ended; they may exist already.
    ///
    /// Jobs of owners who must not be mentioned any more wait again.
    func recoverMentions(of owners: Set<DID>, now: UnixTime) async throws(LedgerError) {
        try await write(at: now) { transaction in
            let owners = try transaction.mentioned(of: owners)
            for row in try transaction.database.rows("SELECT id, owner FROM job WHERE state = \(JobState.posting)") {
                let isMeant = owners.contains(try DID(row.get("owner")))
                try transaction.apply(.postFailed(isMeant ? .unknown : .impossible), toJob: row.get("id"))
            }
        }
    }
}

extension LedgerTransaction {
    private static let told: SQL = "phase = 'post-mention' AND outcome = \(JobState.delivered)"

    fileprivate func mentionUnderWay() throws -> Job? {
        // A job whose request was replaced waits until the newest version's owner is known.
        let id: Int64? = try database.value(
            """
            SELECT job.id FROM job CROSS JOIN request ON request.id = request WHERE job.state = \(JobState.posting)
                AND NOT (withdrawal IS \(Reason.recordReplaced) AND request.state = \(RequestMachine.State.lookup))
            ORDER BY withdrawal IS NULL, job.id LIMIT 1
            """
        )
        return try id.flatMap(job)
    }

    fileprivate func mentionFreeAt(limit: Int, window: Duration) throws -> UnixTime? {
        let at: UnixTime? = try database.value(
            """
            SELECT at FROM attempt WHERE \(Self.told) AND at > \(now - window) AND at <= \(now)
            ORDER BY at DESC LIMIT 1 OFFSET \(max(0, limit - 1))
            """
        )
        return at.map { $0 + window }
    }

    /// The next job that waits for one of these owners; the author with the fewest mentions in the last day comes
    /// first.
    ///
    /// Authors take turns in an owner's queue, so each author's next job is among the first.
    fileprivate func nextMention(of owners: Set<DID>) throws -> Job? {
        let told = try database.rows(
            """
            SELECT request.author AS author FROM attempt CROSS JOIN request ON request.id = attempt.request
            WHERE \(Self.told) AND at > \(now - .seconds(86_400))
            """
        ).reduce(into: [String: Int]()) { try $0[$1.get("author"), default: 0] += 1 }
        var next: (told: Int, id: Int64)?
        for owner in owners {
            try giveTurns(toMentionsOf: owner)
            let first = try database.rows(
                """
                SELECT id, author FROM job WHERE owner = \(owner) AND state = \(JobState.deferred) AND turn >= 0
                    AND NOT (SELECT awaits_proof FROM request WHERE request.id = job.request)
                ORDER BY turn, id LIMIT \(Self.batch)
                """
            )
            for row in first {
                let candidate = try (told: told[row.get("author")] ?? 0, id: row.get("id") as Int64)
                if candidate < next ?? (.max, 0) { next = candidate }
            }
        }
        return try next.flatMap { try job($0.id) }
    }

    /// Leaves the owner of a job unmentioned until ``JobQueue/review(_:policy:now:)`` gives it another turn.
    fileprivate func passOver(_ id: Int64) throws { try database.run("UPDATE job SET turn = -1 WHERE id = \(id)") }

    private func giveTurns(toMentionsOf owner: DID) throws {
        let failures = [Verdict.Action.drop, .skip]
        let rows = try database.rows(
            """
            SELECT id, author, EXISTS (SELECT 1 FROM attempt WHERE attempt.request = job.request
                AND attempt.owner = job.owner AND phase = 'post-mention' AND outcome IN \(failures)) AS is_impossible
            FROM job WHERE owner = \(owner) AND state = \(JobState.deferred) AND turn IS NULL
                AND reason IN \(Reason.allCases.filter(\.allowsMention)) ORDER BY id LIMIT \(Self.batch)
            """
        )
        for row in rows {
            let id: Int64 = try row.get("id")
            if try row.get("is_impossible") {
                try passOver(id)
            } else {
                try giveTurn(id, of: row.get("author"), in: .deferred)
            }
        }
    }
}
