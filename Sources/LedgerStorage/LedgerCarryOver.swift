internal import GRDB

/// Carries a ledger of the version before over to this one, however large it is, in transactions that are small enough for
/// the log of the database to stay small.
///
/// A batch of rows is removed in the transaction that makes its requests, so that the file hardly grows, and an interruption
/// of any kind loses nothing: the next opening goes on with the rows that are left.
package struct LedgerCarryOver {
    /// How far it is.
    package enum Progress: Sendable, Equatable {
        /// It begins, or goes on after an interruption, with so many rows.
        case begun(rows: Int)
        /// So many rows are there; told after each batch, and again before each index.
        case carried(Int, of: Int)
        /// All is there.
        case finished
    }

    let queue: DatabaseQueue
    let progress: @Sendable (Progress) throws -> Void

    /// Whether a file has rows of the version before.
    static func isNeeded(_ database: Database) throws -> Bool {
        let applied = try LedgerSchema.migrator.appliedIdentifiers(database)
        return applied.contains(LedgerSchema.first) && !applied.contains(LedgerSchema.second)
    }

    // What is removed need not be overwritten with zeros, for it is there anew. A batch has room in memory, and the log for
    // several (32 MiB), for the AT-URIs of each lie all over their index. A power cut may take the last batches back, not more.
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
        // From here on all of it is on disk, and the log is small again.
        _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try progress(.finished)
    }
}
