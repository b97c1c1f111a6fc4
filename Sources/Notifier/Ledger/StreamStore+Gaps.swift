public import ATProtocol
public import Firehose
internal import GRDB

/// A stretch of the stream that nobody has read and no sweep has closed yet.
public struct OpenGap: Sendable, Equatable, Identifiable {
    /// Its number in the ledger.
    public let id: Int64
    /// Where and why.
    public let gap: StreamGap
    /// When it was declared, in seconds since the Unix epoch.
    public let noticedAt: Double
}

extension StreamStore {
    /// The gaps that are still to be swept, oldest first.
    ///
    /// - Throws: ``LedgerError``.
    public func openGaps() async throws(LedgerError) -> [OpenGap] {
        try await database.read { database in
            try database.rows("SELECT * FROM gap WHERE closed_at IS NULL ORDER BY id").map { row in
                OpenGap(
                    id: row["id"],
                    gap: StreamGap(
                        host: row["host"],
                        wire: StreamWire(rawValue: row["wire"]),
                        from: row["from_witnessed"],
                        until: row["until_witnessed"],
                        reason: StreamGap.Reason(rawValue: row["reason"])
                    ),
                    noticedAt: row["noticed_at"]
                )
            }
        }
    }

    /// Declares a gap that the stream itself did not notice.
    ///
    /// - Throws: ``LedgerError``.
    public func declare(_ gap: StreamGap, at now: Double) async throws(LedgerError) {
        try await database.transaction(at: now) { try $0.declare(gap) }
    }

    /// Whether a record was seen before, by whatever way.
    ///
    /// - Throws: ``LedgerError``.
    public func knows(_ uri: ATURI) async throws(LedgerError) -> Bool {
        try await database.read { database in
            try database.exists(
                "SELECT 1 FROM sighting WHERE uri = \(uri) UNION ALL SELECT 1 FROM request WHERE uri = \(uri)"
            )
        }
    }
}
