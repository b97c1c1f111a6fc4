internal import Crypto
internal import GRDB

extension Ledger {
    /// Jobs by state.
    ///
    /// - Throws: ``LedgerError``.
    public func counts() async throws(LedgerError) -> [JobState: Int] {
        try await read { database in
            var counts: [JobState: Int] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT state, count(*) AS number FROM job GROUP BY state") {
                counts[try row.state()] = row["number"]
            }
            return counts
        }
    }

    /// When the oldest job was first seen that neither is finished nor waits for its owner, in seconds since the epoch.
    ///
    /// - Throws: ``LedgerError``.
    public func oldestPending() async throws(LedgerError) -> Double? {
        try await read { database in
            try Double.fetchOne(
                database,
                sql: "SELECT min(created_at) FROM job WHERE state IN ('lookup', 'queued', 'sending', 'verify')"
            )
        }
    }

    /// Jobs that wait for their owner, by reason.
    func waiting() async throws(LedgerError) -> [Reason: Int] {
        try await read { database in
            var counts: [Reason: Int] = [:]
            let sql = "SELECT reason, count(*) AS number FROM job WHERE state = 'deferred' GROUP BY reason"
            for row in try Row.fetchAll(database, sql: sql) { counts[row.reason("reason") ?? .waiting] = row["number"] }
            return counts
        }
    }

    /// Forgets what was finished before a time; what no stream can replay any more needs no memory.
    ///
    /// - Returns: how many jobs were forgotten.
    func prune(before time: Double) async throws(LedgerError) -> Int {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM job WHERE state IN ('delivered', 'dropped') AND updated_at < ?",
                arguments: [time]
            )
            let count = database.changesCount
            try database.execute(
                sql: """
                    DELETE FROM delivery WHERE created_at < ?
                        AND NOT EXISTS (SELECT 1 FROM job WHERE job.delivery = delivery.id)
                    """,
                arguments: [time]
            )
            try database.execute(
                sql: """
                    DELETE FROM sighting WHERE seen_at < ?
                        AND NOT EXISTS (SELECT 1 FROM job WHERE job.uri = sighting.uri)
                    """,
                arguments: [time]
            )
            return count
        }
    }

    /// The secret of this ledger's markers, made at the first call.
    func markerKey() async throws(LedgerError) -> [UInt8] {
        try await write { database in
            let stored = try String.fetchOne(database, sql: "SELECT value FROM setting WHERE name = 'marker-key'")
            if let key = stored.flatMap({ Base64.decode($0) }) { return key }
            let key = SecureRandom.bytes(32)
            try database.execute(
                sql: "INSERT OR REPLACE INTO setting (name, value) VALUES ('marker-key', ?)",
                arguments: [Base64.encode(key)]
            )
            return key
        }
    }
}
