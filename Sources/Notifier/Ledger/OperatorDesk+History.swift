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
                        operation: row["operation"],
                        rev: row["rev"],
                        cid: row["cid"],
                        host: row["host"],
                        wire: row["wire"],
                        position: row["position"],
                        seenAt: row["seen_at"]
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
                        at: row["at"],
                        phase: row["phase"],
                        outcome: row["outcome"],
                        reason: row.reason("reason"),
                        status: row["status"],
                        error: row["error"],
                        detail: row["detail"],
                        nextAt: row["next_at"]
                    )
                },
                messages: try database.rows(
                    """
                    SELECT * FROM message WHERE id IN (SELECT message FROM request
                        CROSS JOIN attempt ON attempt.request = request.id WHERE uri = \(uri)) ORDER BY id
                    """
                ).map { row in
                    .init(
                        conversation: row["conversation"],
                        marker: row["marker"],
                        sends: row["sends"],
                        sentAt: row["sent_at"],
                        messageID: row["message_id"]
                    )
                }
            )
        }
    }
}
