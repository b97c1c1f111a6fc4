internal import ATProtocol
internal import GRDB

/// What a look-up found out about a request.
enum Resolution: Sendable {
    /// Its recipients, and what the settings say about each.
    case recipients([DID: Admission], Findings, Attempt?)
    /// Nobody is told.
    case refused(Refusal, CallPhase)
    /// The look-up, or the proof, failed.
    case failed(Verdict, isGivenUp: Bool, Attempt)

    /// What a message says about the request beside its record.
    struct Findings: Sendable {
        let reference: ProjectReference
        var authorName: String?
        var projectName: String?
        /// The record as it was proven, abridged; nil when it was not.
        var record: JSONValue?
    }
}

extension LedgerTransaction {
    /// Stores what a look-up found out, unless the request was called off or replaced meanwhile.
    func resolve(_ id: Int64, of rev: String, as resolution: Resolution, into result: inout Applied) throws {
        let isCurrent = try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM request WHERE id = ? AND rev = ? AND state = ?)",
            arguments: [id, rev, RequestMachine.State.lookup.rawValue]
        )
        guard isCurrent == true else { return }
        switch resolution {
        case .failed(let verdict, let isGivenUp, let note):
            try apply(.failed(verdict, isGivenUp: isGivenUp), toRequest: id, note, into: &result)
        case .refused(let refusal, let phase):
            try apply(.refused(refusal.reason), toRequest: id, Attempt(phase, refusal), into: &result)
        case .recipients(let recipients, let findings, let note):
            try database.execute(
                sql: """
                    UPDATE request SET reference = ?, reference_cid = ?, author_name = coalesce(?, author_name),
                        project_name = coalesce(?, project_name), record = coalesce(?, record) WHERE id = ?
                    """,
                arguments: [
                    findings.reference.description, findings.reference.cid, findings.authorName, findings.projectName,
                    findings.record?.encodedText, id,
                ]
            )
            try apply(.resolved, toRequest: id, note, into: &result)
            for job in try Row.fetchAll(database, sql: "SELECT id, owner FROM job WHERE request = ?", arguments: [id]) {
                guard recipients[try DID(job["owner"])] == nil else { continue }
                try apply(.calledOff(.ownerChanged), toJob: job["id"], into: &result)
            }
            for (recipient, admission) in recipients.sorted(by: { $0.key.text < $1.key.text }) {
                try admit(recipient, to: id, admission, into: &result)
            }
        }
    }

    private func admit(
        _ recipient: DID,
        to request: Int64,
        _ admission: Admission,
        into result: inout Applied
    ) throws {
        let known = try Int64.fetchOne(
            database,
            sql: "SELECT id FROM job WHERE request = ? AND owner = ?",
            arguments: [request, recipient.text]
        )
        if let known {
            try apply(.admitted(admission), toJob: known, wait: timetable.wait(for: admission), into: &result)
            return
        }
        // A row to be judged: the machine says what becomes of it.
        try database.execute(
            sql: """
                INSERT INTO job (request, owner, author, state, due_at, created_at, updated_at)
                SELECT id, ?, author, ?, created_at, created_at, ? FROM request WHERE id = ?
                """,
            // Due since the request was seen: whose look-up took longer stands no further behind for it.
            arguments: [recipient.text, JobState.queued.rawValue, now, request]
        )
        var note: Attempt?
        if case .refused(let reason) = admission { note = Attempt(.input, Refusal(reason, recipient.text)) }
        let job = database.lastInsertedRowID
        try apply(.admitted(admission), toJob: job, note, wait: timetable.wait(for: admission), into: &result)
    }
}
