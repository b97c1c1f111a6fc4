internal import Firehose
internal import FoundationEssentials
internal import GRDB
public import LedgerStorage
internal import Network

extension StreamStore {
    /// The newest of the stream messages that were put aside, up to a number, newest first.
    public func quarantine(limit: Int) async throws(LedgerError) -> [QuarantinedEvent] {
        try await database.read { database in
            try database.rows(
                """
                SELECT id, host, wire, position, reason, detail, length(bytes) AS size, noticed_at FROM quarantine
                ORDER BY id DESC LIMIT \(limit)
                """
            ).map(QuarantinedEvent.init(row:))
        }
    }

    /// How many there are; only the oldest are ever forgotten, so the row numbers tell.
    public func quarantined() async throws(LedgerError) -> Int {
        try await database.read { database in
            try database.value("SELECT (SELECT max(id) FROM quarantine) - (SELECT min(id) FROM quarantine) + 1") ?? 0
        }
    }

    /// One of them with its stored bytes; nil when there is none of this number, or no longer.
    public func quarantined(
        _ id: QuarantinedEvent.ID
    ) async throws(LedgerError) -> (event: QuarantinedEvent, bytes: [UInt8])? {
        try await database.read { database in
            try database.row("SELECT *, length(bytes) AS size FROM quarantine WHERE id = \(id)").map { row in
                (try QuarantinedEvent(row: row), Array(try row.get("bytes") as Data))
            }
        }
    }
}

extension QuarantinedEvent {
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.get("id"),
            host: try row.get("host"),
            wire: StreamWire(rawValue: try row.get("wire")),
            position: try row.get("position"),
            reason: RejectedEvent.Reason(rawValue: try row.get("reason")),
            detail: try row.get("detail"),
            size: try row.get("size"),
            noticedAt: try row.get("noticed_at")
        )
    }
}
