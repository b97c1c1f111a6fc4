internal import ATProtocol
internal import GRDB

extension Job {
    static let columns = """
        id, uri, owner, author, author_name, rule, cid, rev, reference, reference_cid, record, project_name, witnessed, state, \
        reason, detail, attempts, due_at, wait_until, delivery, created_at, updated_at
        """

    /// Reads a row of `job`.
    init(row: Row) throws {
        id = row["id"]
        uri = try ATURI(row["uri"])
        owner = try (row["owner"] as String?).map { try DID($0) }
        author = try DID(row["author"])
        authorName = row["author_name"]
        rule = row["rule"]
        cid = row["cid"]
        rev = row["rev"]
        reference = ProjectReference(text: row["reference"], cid: row["reference_cid"])
        record = try JSONValue(parsing: row["record"] as String)
        projectName = row["project_name"]
        witnessed = row["witnessed"]
        state = try row.state()
        reason = row.reason("reason")
        detail = row["detail"]
        attempts = row["attempts"]
        dueAt = row["due_at"]
        waitUntil = row["wait_until"]
        delivery = row["delivery"]
        createdAt = row["created_at"]
        updatedAt = row["updated_at"]
    }
}

extension ProjectReference {
    /// Reads what `description` wrote; nil for the empty text.
    init?(text: String, cid: String?) {
        if let uri = try? ATURI(text) {
            self = .record(uri, cid: cid)
        } else if let did = try? DID(text) {
            self = .account(did)
        } else {
            return nil
        }
    }
}

extension Row {
    func state() throws -> JobState {
        let text: String = self["state"]
        guard let state = JobState(rawValue: text) else {
            throw LedgerError(.corrupt, path: "ledger.sqlite", detail: "a row has the unknown state “\(text)”")
        }
        return state
    }

    // A reason that a newer version wrote is shown as none.
    func reason(_ column: String) -> Reason? { (self[column] as String?).flatMap(Reason.init(rawValue:)) }
}
