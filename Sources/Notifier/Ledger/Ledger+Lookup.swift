internal import ATProtocol
internal import GRDB

extension Ledger {
    /// Jobs whose owner is to be looked up now.
    ///
    /// Authors take turns, and what is new comes before what failed before.
    func dueLookups(limit: Int, excluding running: Set<Int64>, now: Double) async throws(LedgerError) -> [Job] {
        try await read { database in
            let excluded = running.map(String.init).joined(separator: ",")
            return try Row.fetchAll(
                database,
                sql: """
                    SELECT \(Job.columns) FROM (
                        SELECT *, row_number() OVER (PARTITION BY author ORDER BY attempts, id) AS turn
                        FROM job WHERE state = 'lookup' AND due_at <= ? AND id NOT IN (\(excluded)))
                    ORDER BY min(attempts, 1), turn, id LIMIT ?
                    """,
                arguments: [now, limit]
            ).map(Job.init(row:))
        }
    }

    /// When a lookup is due next, in seconds since the Unix epoch.
    func nextLookup() async throws(LedgerError) -> Double? {
        try await read { try Double.fetchOne($0, sql: "SELECT min(due_at) FROM job WHERE state = 'lookup'") }
    }

    /// Since when the proof of a job has been asked for in vain, in seconds since the Unix epoch; nil when it has not.
    func proofMissingSince(job: Int64) async throws(LedgerError) -> Double? {
        try await read { database in
            try Double.fetchOne(
                database,
                sql: """
                    SELECT min(at) FROM attempt WHERE job = ?1 AND phase = 'proof' AND at > coalesce(
                        (SELECT max(at) FROM attempt WHERE job = ?1 AND phase = 'proof' AND outcome = 'proven'), 0)
                    """,
                arguments: [job]
            )
        }
    }

    /// Stores what a lookup found out, unless the job was called off or replaced meanwhile.
    ///
    /// - Returns: whether it was stored.
    @discardableResult
    func resolve(_ job: Job, as resolution: Resolution, now: Double) async throws(LedgerError) -> Bool {
        try await write { database in
            let twin = try resolution.owner.map { owner in
                try Int64.fetchOne(
                    database,
                    sql: "SELECT id FROM job WHERE uri = ? AND owner = ? AND id <> ?",
                    arguments: [job.uri.text, owner.text, job.id]
                )
            }
            // The same request and owner is the same job (invariant 2), whoever looked it up first.
            guard (twin ?? nil) == nil else {
                try database.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [job.id])
                return false
            }
            try database.execute(
                sql: """
                    UPDATE job SET state = ?, owner = coalesce(?, owner), author_name = coalesce(?, author_name),
                        project_name = coalesce(?, project_name), reason = ?, detail = ?, due_at = ?,
                        wait_until = coalesce(wait_until, ?), record = coalesce(?, record),
                        attempts = CASE WHEN ? THEN attempts + 1 ELSE 0 END, updated_at = ?
                    WHERE id = ? AND state = 'lookup' AND rev = ?
                    """,
                arguments: [
                    resolution.state.rawValue, resolution.owner?.text, resolution.authorName, resolution.projectName,
                    resolution.reason?.rawValue, resolution.detail, resolution.dueAt, resolution.waitUntil,
                    resolution.record?.encodedText, resolution.state == .lookup, now, job.id, job.rev,
                ]
            )
            guard database.changesCount > 0 else { return false }
            if let note = resolution.note { try database.note(note, jobs: [job.id], delivery: nil, now: now) }
            return true
        }
    }
}

/// What a lookup means for a job.
struct Resolution: Sendable {
    var state: JobState
    var owner: DID?
    var authorName: String?
    var projectName: String?
    /// The record as it was proven, abridged; nil when it was not.
    var record: JSONValue?
    var reason: Reason?
    var detail: String?
    var dueAt: Double
    var waitUntil: Double?
    var note: AttemptNote?
}
