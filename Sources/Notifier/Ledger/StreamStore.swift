internal import ATProtocol
public import Firehose
internal import FoundationEssentials
internal import GRDB
public import LedgerStorage
internal import Network

/// Up to where every stream was read, what it brought and what it lost.
public struct StreamStore: PositionStore {
    let database: LedgerDatabase

    /// The stored position of every host and wire that was ever followed.
    ///
    /// A position whose time is long after it was saved counts with the time when it was saved.
    public func positions() async throws(LedgerError) -> [StoredPosition] {
        try await database.read { database in
            try database.rows("SELECT * FROM position").map { row in
                let witnessed = UnixTime(microseconds: try row.get("witnessed"))
                let saved: UnixTime = try row.get("saved_at")
                return StoredPosition(
                    position: StreamPosition(
                        host: try row.get("host"),
                        wire: StreamWire(rawValue: try row.get("wire")),
                        value: try row.get("value"),
                        witnessed: (witnessed - saved > .seconds(300) ? saved : witnessed).microseconds
                    ),
                    evidence: Array(try row.get("evidence") as Data)
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
        try database.run(
            """
            INSERT INTO position (host, wire, value, witnessed, evidence, saved_at)
            VALUES (\(position.host), \(position.wire), \(position.value), \(position.witnessed),
                \(Data(stored.evidence)), \(now))
            ON CONFLICT DO UPDATE SET value = excluded.value, witnessed = excluded.witnessed,
                evidence = excluded.evidence, saved_at = excluded.saved_at
            """
        )
    }

    /// Notes where and when an event was seen.
    func see(_ event: StreamEvent, _ commit: StreamEvent.Commit, of uri: ATURI) throws {
        let position = event.position
        try database.run(
            """
            INSERT INTO sighting (uri, operation, cid, rev, host, wire, position, witnessed, seen_at)
            VALUES (\(uri), \(commit.operation), \(commit.cid), \(commit.rev), \(position.host), \(position.wire),
                \(position.value), \(position.witnessed), \(now))
            """
        )
        let all: SQL = "FROM sighting WHERE uri = \(uri)"
        try database.run(
            """
            DELETE \(all) AND id > (SELECT min(id) \(all))
                AND id <= (SELECT id \(all) ORDER BY id DESC LIMIT 1 OFFSET \(Self.maximumSightings - 1))
            """
        )
    }

    func quarantine(_ event: RejectedEvent) throws {
        try database.run(
            """
            INSERT INTO quarantine (host, wire, position, reason, detail, bytes, noticed_at)
            VALUES (\(event.host), \(event.wire), \(event.value), \(event.reason), \(event.detail),
                \(Data(event.bytes)), \(now))
            """
        )
        // The last thousand are enough to see what a host does wrong.
        try database.run("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - 1000")
    }
}
