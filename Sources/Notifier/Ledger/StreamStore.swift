internal import ATProtocol
public import Firehose
internal import FoundationEssentials
internal import GRDB

/// Where every stream was read to, what it brought and what it lost.
public struct StreamStore: PositionStore {
    let database: LedgerDatabase

    /// The stored position of every host and wire ever followed.
    ///
    /// - Throws: ``LedgerError``.
    public func positions() async throws -> [StoredPosition] {
        try await database.read { database in
            try Row.fetchAll(database, sql: "SELECT host, wire, value, witnessed, evidence FROM position").map { row in
                StoredPosition(
                    position: StreamPosition(
                        host: row["host"],
                        wire: StreamWire(rawValue: row["wire"]),
                        value: row["value"],
                        witnessed: row["witnessed"]
                    ),
                    evidence: Array(row["evidence"] as Data)
                )
            }
        }
    }
}

extension LedgerTransaction {
    /// The most sightings of one record that are kept: the first, and the newest.
    static let maximumSightings = 20

    func save(_ stored: StoredPosition) throws {
        let position = stored.position
        try database.execute(
            sql: """
                INSERT INTO position (host, wire, value, witnessed, evidence, saved_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET value = excluded.value, witnessed = excluded.witnessed,
                    evidence = excluded.evidence, saved_at = excluded.saved_at
                """,
            arguments: [
                position.host, position.wire.rawValue, position.value, position.witnessed, Data(stored.evidence), now,
            ]
        )
    }

    func close(_ gap: OpenGap.ID) throws {
        try database.execute(sql: "UPDATE gap SET closed_at = ? WHERE id = ?", arguments: [now, gap])
    }

    func declare(_ gap: StreamGap) throws {
        try database.execute(
            sql: """
                INSERT INTO gap (host, wire, from_witnessed, until_witnessed, reason, noticed_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [gap.host, gap.wire.rawValue, gap.from, gap.until, gap.reason.rawValue, now]
        )
    }

    /// Notes where and when an event was seen.
    func see(_ event: StreamEvent, _ commit: StreamEvent.Commit, of uri: ATURI) throws {
        try database.execute(
            sql: """
                INSERT INTO sighting (uri, operation, cid, rev, host, wire, position, witnessed, seen_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                uri.text, commit.operation.rawValue, commit.cid, commit.rev, event.position.host,
                event.position.wire.rawValue, event.position.value, event.position.witnessed, now,
            ]
        )
        try database.execute(
            sql: """
                DELETE FROM sighting WHERE uri = ?1 AND id > (SELECT min(id) FROM sighting WHERE uri = ?1)
                    AND id <= (SELECT id FROM sighting WHERE uri = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
                """,
            arguments: [uri.text, Self.maximumSightings - 1]
        )
    }

    func quarantine(_ message: RejectedMessage) throws {
        try database.execute(
            sql: """
                INSERT INTO quarantine (host, wire, position, reason, detail, bytes, noticed_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                message.host, message.wire.rawValue, message.value, message.reason.rawValue, message.detail,
                Data(message.bytes), now,
            ]
        )
        // The last thousand are enough to see what a host does wrong.
        try database.execute(sql: "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - 1000")
    }
}
