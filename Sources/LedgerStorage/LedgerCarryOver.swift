internal import GRDB

/// Carries a ledger of the previous version over to this version, in batches.
///
/// Each transaction is small, so the write-ahead log stays small however large the ledger is. The transaction that
/// writes the new rows also removes the old ones, so the file hardly grows. An interruption of any kind loses nothing:
/// the next opening goes on with the rows that are left.
package struct LedgerCarryOver {
    /// How far the carry-over is.
    package enum Progress: Sendable, Equatable {
        /// It begins, or goes on after an interruption; `rows` are still to be carried over.
        case begun(rows: Int)
        /// So many rows are carried over; reported after each batch, and again before each index is made.
        case carried(Int, of: Int)
        /// Everything is carried over.
        case finished
    }

    let queue: DatabaseQueue
    let progress: @Sendable (Progress) throws -> Void

    /// Whether a file still has rows of the previous version.
    static func isNeeded(_ database: Database) throws -> Bool {
        let applied = try LedgerSchema.migrator.appliedIdentifiers(database)
        return applied.contains(LedgerSchema.first) && !applied.contains(LedgerSchema.second)
    }

    // Removed rows need not be overwritten with zeros, because their content is kept in the new rows. The cache has
    // room for one batch and the log for several (32 MiB), because the AT-URIs of a batch are spread over the whole
    // index. A power cut may undo the last batches, and nothing more.
    private static let pragmas: [(name: String, value: Int)] = [
        ("secure_delete", 0), ("cache_size", -16_384), ("wal_autocheckpoint", 8192), ("synchronous", 1),
    ]

    func run() throws {
        let before = try queue.writeWithoutTransaction { database in
            try Self.pragmas.map { ($0.name, try Int.fetchOne(database, sql: "PRAGMA \($0.name)") ?? 0) }
        }
        try set(Self.pragmas)
        try carryOver()
        try set(before)
        queue.releaseMemory()
    }

    private func set(_ pragmas: [(name: String, value: Int)]) throws {
        try queue.writeWithoutTransaction { database in
            for (name, value) in pragmas { try database.execute(sql: "PRAGMA \(name) = \(value)") }
        }
    }

    private func carryOver() throws {
        let rows = try queue.read { database in
            let table = try database.tableExists("job_1") ? "job_1" : "job"
            return try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
        try progress(.begun(rows: rows))
        try LedgerSchema.migrator.migrate(queue, upTo: LedgerSchema.secondBegun)
        var (cursor, done): (Int64, Int) = (0, 0)
        while let batch = try queue.write({ try LedgerSchema.carryOver($0, after: cursor) }) {
            cursor = batch.cursor
            done += batch.rows
            try progress(.carried(done, of: rows))
        }
        for index in LedgerSchema.secondIndices {
            try progress(.carried(rows, of: rows))
            try queue.write { try $0.execute(sql: "CREATE INDEX IF NOT EXISTS \(index)") }
        }
        try progress(.carried(rows, of: rows))
        try LedgerSchema.migrator.migrate(queue)
        // From here on everything is on disk, and the log is small again.
        _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try progress(.finished)
    }
}
