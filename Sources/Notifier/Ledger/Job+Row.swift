internal import ATProtocol
internal import GRDB
internal import LedgerStorage
internal import Network

extension Job {
    private static let columns: SQL = """
        request.id AS request, uri, request.author AS author, author_name, rule, cid, rev, reference, record, \
        is_shadow, may_repeat, awaits_proof, failing_since, witnessed, request.created_at AS created_at
        """

    /// Selects jobs with their requests.
    static let selection: SQL = """
        SELECT \(columns), job.id AS id, owner, project, coalesce(job.project_name, request.project_name) AS project_name, job.state AS state, job.reason AS reason, job.detail AS detail, \
        job.attempts AS attempts, job.due_at AS due_at, job.wait_until AS wait_until, job.updated_at AS updated_at, ask_at, role, confirmed_by, confirmed_as, \
        thread
        FROM job JOIN request ON request.id = job.request LEFT JOIN recipient ON recipient.did = job.owner
        """

    /// Selects requests as if they had no jobs.
    static let requests: SQL = """
        SELECT \(columns), NULL AS id, NULL AS owner, NULL AS project, project_name, state, reason, detail, attempts, due_at, wait_until, updated_at, \
        NULL AS ask_at, NULL AS role, NULL AS confirmed_by, NULL AS confirmed_as, NULL AS thread
        FROM request
        """

    /// Reads a row of ``selection`` or ``requests``.
    init(row: Row) throws {
        let job: Int64? = try row.get("id")
        id = job ?? 0
        request = try row.get("request")
        uri = try ATURI(row.get("uri"))
        owner = try (row.get("owner") as String?).map { try DID($0) }
        author = try DID(row.get("author"))
        authorName = try row.get("author_name")
        rule = try row.get("rule")
        cid = try row.get("cid")
        rev = try row.get("rev")
        references = [ProjectReference](text: try row.get("reference"))
        project = try (row.get("project") as String?).flatMap(ProjectReference.init)
        recordText = try row.get("record")
        projectName = try row.get("project_name")
        isShadow = try row.get("is_shadow")
        mayRepeat = try row.get("may_repeat")
        awaitsProof = try row.get("awaits_proof")
        failingSince = try row.get("failing_since")
        witnessed = try row.get("witnessed")
        reason = row.reason("reason")
        if job == nil {
            let standing: RequestMachine.State = try row.value("state")
            state = standing == .dropped ? .dropped : .lookup(waitingFor: reason)
        } else {
            state = try row.value("state")
        }
        detail = try row.get("detail")
        attempts = try row.get("attempts")
        // The recipient's row says when the follow of everything that waits for it is asked about.
        let askAt: UnixTime? = try state == .deferred && reason?.waits == .follow ? row.get("ask_at") : nil
        dueAt = try min(row.get("due_at"), askAt ?? .distantFuture)
        waitUntil = try row.get("wait_until")
        createdAt = try row.get("created_at")
        updatedAt = try row.get("updated_at")
        role = try (row.get("role") as String?).flatMap(RecipientRole.init(rawValue:)) ?? .owner
        confirmedBy = try (row.get("confirmed_by") as String?).flatMap { try? ATURI($0) }
        confirmedAs = try row.get("confirmed_as")
        thread = try [ATURI](text: row.get("thread") as String? ?? "")
    }
}

extension [ATURI] {
    /// Parses what ``text`` has written.
    init(text: String) { self = text.split(separator: " ").compactMap { try? ATURI(String($0)) } }

    /// All of them, separated by spaces.
    var text: String { map(\.text).joined(separator: " ") }
}
