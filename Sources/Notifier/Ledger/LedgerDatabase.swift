internal import Dispatch
internal import GRDB
internal import Glibc
internal import Synchronization

/// The SQLite file of the ledger: opened, locked, migrated, its errors in our words.
///
/// WAL with `synchronous=FULL`: a transaction that returned is on disk. Every access runs on GRDB's own queue, never on
/// the cooperative pool.
final class LedgerDatabase: Sendable {
    /// The database file.
    let path: String
    private let queue: DatabaseQueue
    private let lock: LedgerLock?

    init(path: String, queue: DatabaseQueue, lock: LedgerLock?) {
        self.path = path
        self.queue = queue
        self.lock = lock
    }

    /// Opens the database in a state directory, off the cooperative pool.
    static func open(directory: String, access: Ledger.Access) async throws(LedgerError) -> LedgerDatabase {
        let result: Result<LedgerDatabase, LedgerError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(LedgerError) in
                        try LedgerDatabase(directory: directory, access: access)
                    }
                )
            }
        }
        return try result.get()
    }

    static func lockPath(in directory: String) -> String { "\(directory)/ledger.lock" }

    private convenience init(directory: String, access: Ledger.Access) throws(LedgerError) {
        let path = "\(directory)/ledger.sqlite"
        let lock: LedgerLock? =
            switch access {
            case .daemon: try LedgerLock(path: Self.lockPath(in: directory), holder: getpid())
            case .command: nil
            }
        do {
            var configuration = Configuration()
            configuration.label = "ledger"
            configuration.journalMode = .wal
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA synchronous=FULL")
            }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = LedgerSchema.migrator
            let (isCurrent, isTooNew) = try queue.read { database in
                (try migrator.hasCompletedMigrations(database), try migrator.hasBeenSuperseded(database))
            }
            guard !isTooNew else { throw LedgerError(.tooNew, path: path, detail: "unknown schema version") }
            if !isCurrent {
                // A command migrates only what no daemon holds.
                let held = try lock ?? LedgerLock(path: Self.lockPath(in: directory), holder: nil)
                try withExtendedLifetime(held) { try migrator.migrate(queue) }
            }
            self.init(path: path, queue: queue, lock: lock)
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        do { return try await queue.read(body) } catch { throw LedgerError(error, path: path) }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        do { return try await queue.write(body) } catch { throw LedgerError(error, path: path) }
    }
}
