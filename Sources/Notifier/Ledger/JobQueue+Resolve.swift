internal import ATProtocol
internal import GRDB
internal import LedgerStorage

/// The result of a request's look-up.
enum Resolution: Sendable {
    /// The recipients, and what the settings say about each.
    case recipients([DID: Admission], Findings, Attempt?)
    /// Nobody is told.
    case refused(Refusal, CallPhase)
    /// The look-up, or the proof, failed.
    case failed(Verdict, isGivenUp: Bool, Attempt)

    /// What a message tells about the request in addition to its record.
    struct Findings: Sendable {
        let references: [ProjectReference]
        var authorName: String?
        /// The project of each recipient, with its name.
        var projects: [DID: Project] = [:]
        /// Why nobody is told because of other references.
        var notes: [Attempt] = []
        /// The record as proven, abridged; nil when it was not proven.
        var record: JSONValue?
    }

    /// A project, its name, and why somebody is told of it.
    struct Project: Sendable {
        let reference: ProjectReference
        var name: String?
        /// The recipient's role in it.
        var role = RecipientRole.owner
        /// The record that confirms the role; nil for owners.
        var confirmedBy: ATURI?
        /// The version of that record, by its CID; for a subscription, the subjects of which it must name one,
        /// space-separated.
        var confirmedAs: String?
        /// The records on the way to it, the nearest to the request first.
        var thread: [ATURI] = []
    }
}

extension LedgerTransaction {
    /// Stores the result of a look-up, unless the request was called off or replaced meanwhile.
    func resolve(_ id: Int64, of rev: String, as resolution: Resolution) throws {
        guard try isLookedUp(id, rev) else { return }
        switch resolution {
        case .failed(let verdict, let isGivenUp, let note):
            try apply(.failed(verdict, isGivenUp: isGivenUp), toRequest: id, note)
        case .refused(let refusal, let phase):
            try apply(.refused(refusal.reason), toRequest: id, Attempt(phase, refusal))
        case .recipients(let recipients, let findings, let note):
            try database.run(
                """
                UPDATE request SET reference = \(findings.references.text),
                    author_name = coalesce(\(findings.authorName), author_name),
                    record = coalesce(\(findings.record?.encodedText), record),
                    awaits_proof = awaits_proof AND \(findings.record == nil)
                WHERE id = \(id)
                """
            )
            for note in findings.notes { try add(note, to: id, again: nil) }
            try apply(.resolved, toRequest: id, note)
            for job in try database.rows("SELECT id, owner, role FROM job WHERE request = \(id)") {
                guard try recipients[DID(job.get("owner"))] == nil else { continue }
                let role = try RecipientRole(rawValue: job.get("role")) ?? .owner
                try apply(.calledOff(role.endReason), toJob: job.get("id"))
            }
            // Owners come first in the queue.
            func place(_ recipient: DID) -> (Int, String) {
                ((findings.projects[recipient]?.role ?? .owner).rank, recipient.text)
            }
            for (recipient, admission) in recipients.sorted(by: { place($0.key) < place($1.key) }) {
                try admit(recipient, to: id, admission, findings.projects[recipient])
            }
        }
    }

    private func admit(
        _ recipient: DID,
        to request: Int64,
        _ admission: Admission,
        _ project: Resolution.Project?
    ) throws {
        let wait = timetable.wait(for: admission)
        if let project, !admission.isRefused { try note(project.reference, named: project.name, of: recipient) }
        let role = project?.role ?? .owner
        if role == .collaborator, let project { try trust(project) }
        if role == .subscriber { try noteUse(by: recipient, of: project?.confirmedBy) }
        if let job: Int64 = try database.value(
            "SELECT id FROM job WHERE request = \(request) AND owner = \(recipient)"
        ) {
            try database.run(
                """
                UPDATE job SET project = \(project?.reference.description), project_name = coalesce(\(project?.name), project_name),
                    role = \(role), confirmed_by = \(project?.confirmedBy?.text), confirmed_as = \(project?.confirmedAs),
                    thread = \(project?.thread.text)
                WHERE id = \(job)
                """
            )
            try apply(.admitted(admission), toJob: job, wait: wait)
            return
        }
        // The new row is judged by the event that follows. It is due since the request was seen, so that a slow look-up
        // costs no place.
        let machine = JobMachine()
        try database.run(
            """
            INSERT INTO job (request, owner, author, state, project, project_name, role, confirmed_by, confirmed_as, thread, due_at,
                queued_at, created_at, updated_at)
            SELECT id, \(recipient), author, \(machine.state), \(project?.reference.description), \(project?.name),
                \(role), \(project?.confirmedBy?.text), \(project?.confirmedAs), \(project?.thread.text), created_at,
                \(now), created_at, \(now) FROM request WHERE id = \(request)
            """
        )
        var note: Attempt?
        if case .refused(let reason) = admission { note = Attempt(.input, Refusal(reason, recipient.text)) }
        try apply(.admitted(admission), toJob: database.lastInsertedRowID, note, wait: wait)
    }
}
