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

extension Ledger {
    /// The gaps that are still to be swept, oldest first.
    ///
    /// - Throws: ``LedgerError``.
    public func openGaps() async throws(LedgerError) -> [OpenGap] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM gap WHERE closed_at IS NULL ORDER BY id").map { row in
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
        try await write { database in try database.declare(gap, at: now) }
    }

    /// Whether a record was seen before, by whatever way.
    ///
    /// - Throws: ``LedgerError``.
    public func knows(_ uri: ATURI) async throws(LedgerError) -> Bool {
        try await read { database in
            try Bool.fetchOne(
                database,
                sql:
                    "SELECT EXISTS (SELECT 1 FROM sighting WHERE uri = ?1) OR EXISTS (SELECT 1 FROM job WHERE uri = ?1)",
                arguments: [uri.text]
            ) ?? false
        }
    }
}

extension Database {
    func close(_ gap: OpenGap.ID, at now: Double) throws {
        try execute(sql: "UPDATE gap SET closed_at = ? WHERE id = ?", arguments: [now, gap])
    }

    func declare(_ gap: StreamGap, at now: Double) throws {
        try execute(
            sql: """
                INSERT INTO gap (host, wire, from_witnessed, until_witnessed, reason, noticed_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [gap.host, gap.wire.rawValue, gap.from, gap.until, gap.reason.rawValue, now]
        )
    }
}
