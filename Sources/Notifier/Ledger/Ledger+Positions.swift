public import Firehose
internal import FoundationEssentials
internal import GRDB

extension Ledger: PositionStore {
    /// The stored position of every host and wire ever followed.
    ///
    /// - Throws: ``LedgerError``.
    public func positions() async throws -> [StoredPosition] {
        try await read { database in
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

extension Database {
    func save(_ stored: StoredPosition, at now: Double) throws {
        let position = stored.position
        try execute(
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
}
