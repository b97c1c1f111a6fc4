public import ATProtocol
internal import GRDB
public import LedgerStorage

extension OperatorDesk {
    /// Everything that is known about a change request.
    public func history(of uri: ATURI) async throws(LedgerError) -> RequestHistory {
        let jobs = try await jobs(about: uri)
        return try await database.read { database in
            RequestHistory(
                uri: uri,
                sightings: try database.rows("SELECT * FROM sighting WHERE uri = \(uri) ORDER BY id").map { row in
                    .init(
                        operation: try row.get("operation"),
                        rev: try row.get("rev"),
                        cid: try row.get("cid"),
                        host: try row.get("host"),
                        wire: try row.get("wire"),
                        position: try row.get("position"),
                        seenAt: try row.get("seen_at")
                    )
                },
                jobs: jobs,
                attempts: try database.rows(
                    """
                    SELECT attempt.* FROM attempt JOIN request ON request.id = attempt.request WHERE uri = \(uri)
                    ORDER BY attempt.id
                    """
                ).map { row in
                    .init(
                        at: try row.get("at"),
                        phase: try row.get("phase"),
                        outcome: try row.get("outcome"),
                        reason: row.reason("reason"),
                        status: try row.get("status"),
                        error: try row.get("error"),
                        detail: try row.get("detail"),
                        nextAt: try row.get("next_at")
                    )
                },
                messages: try database.rows(
                    """
                    SELECT * FROM message WHERE id IN (SELECT message FROM request
                        CROSS JOIN attempt ON attempt.request = request.id WHERE uri = \(uri)) ORDER BY id
                    """
                ).map { row in
                    .init(
                        conversation: try row.get("conversation"),
                        reference: try row.get("marker"),
                        sends: try row.get("sends"),
                        sentAt: try row.get("sent_at"),
                        messageID: try row.get("message_id")
                    )
                }
            )
        }
    }
}
