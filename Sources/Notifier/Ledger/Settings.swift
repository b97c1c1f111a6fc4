internal import Crypto
internal import GRDB

/// What the daemon must remember by name.
struct Settings: Sendable {
    let database: LedgerDatabase

    subscript(name: String) -> String? {
        get async throws(LedgerError) {
            try await database.read {
                try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
            }
        }
    }

    func set(_ name: String, to value: String) async throws(LedgerError) {
        try await database.write { database in
            try database.execute(
                sql: "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                arguments: [name, value]
            )
        }
    }

    /// The secret of this ledger's markers, made at the first call.
    func markerKey() async throws(LedgerError) -> [UInt8] {
        try await database.write { database in
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
