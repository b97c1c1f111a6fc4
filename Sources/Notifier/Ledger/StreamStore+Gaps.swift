public import ATProtocol
public import Firehose
internal import GRDB
public import LedgerStorage
public import Network

extension StreamStore: GapStore {
    /// The gaps that are still to be swept, oldest first.
    public func openGaps() async throws(LedgerError) -> [OpenGap] {
        try await database.read { database in
            try database.rows("SELECT * FROM gap WHERE closed_at IS NULL ORDER BY id").map { row in
                OpenGap(
                    id: try row.get("id"),
                    gap: StreamGap(
                        host: try row.get("host"),
                        wire: StreamWire(rawValue: try row.get("wire")),
                        from: try row.get("from_witnessed"),
                        until: try row.get("until_witnessed"),
                        reason: StreamGap.Reason(rawValue: try row.get("reason"))
                    ),
                    noticedAt: try row.get("noticed_at")
                )
            }
        }
    }

    /// Declares a gap that the stream itself did not notice.
    public func declare(_ gap: StreamGap, at now: UnixTime) async throws(LedgerError) {
        try await database.transaction(at: now) { try $0.declare(gap) }
    }

    /// The collections that requests were seen in, the earliest first.
    public func seenCollections() async throws(LedgerError) -> [NSID] {
        try await database.read { database in
            (try database.values("SELECT name FROM collection ORDER BY id") as [String]).compactMap { try? NSID($0) }
        }
    }

    /// Whether a record was seen before, by whatever way.
    public func knows(_ uri: ATURI) async throws(LedgerError) -> Bool {
        try await database.read { database in
            try database.exists(
                "SELECT 1 FROM sighting WHERE uri = \(uri) UNION ALL SELECT 1 FROM request WHERE uri = \(uri)"
            )
        }
    }
}
