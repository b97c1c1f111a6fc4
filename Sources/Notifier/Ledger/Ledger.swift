internal import Dispatch
internal import GRDB
internal import Glibc
internal import Synchronization

/// What must survive `kill -9`: positions, change requests, messages and what became of them, in one SQLite file.
///
/// WAL with `synchronous=FULL`: a transaction that returned is on disk. Every access runs on GRDB's own queue, never on
/// the cooperative pool. The file format is docs/delivery.md; a version of this program reads the file of the one before.
public final class Ledger: Sendable {
    /// What a process wants from the ledger.
    public enum Access: Sendable {
        /// The daemon: exclusive among daemons, migrates.
        case daemon
        /// A command, beside a running daemon or without one: reads and writes.
        case command
    }

    /// The database file.
    public let path: String
    private let queue: DatabaseQueue
    private let lock: LedgerLock?

    private init(path: String, queue: DatabaseQueue, lock: LedgerLock?) {
        self.path = path
        self.queue = queue
        self.lock = lock
    }

    /// Opens the ledger in a state directory.
    ///
    /// - Parameters:
    ///   - directory: exists and belongs to this process.
    ///   - access: see ``Access``.
    /// - Returns: the ledger.
    /// - Throws: ``LedgerError``.
    public static func open(directory: String, access: Access) async throws(LedgerError) -> Ledger {
        let result: Result<Ledger, LedgerError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(LedgerError) in try Ledger(directory: directory, access: access) }
                )
            }
        }
        return try result.get()
    }

    private static func lockPath(in directory: String) -> String { "\(directory)/ledger.lock" }

    /// The process of the daemon that has the ledger of a state directory open; nil when none has.
    public static func daemon(in directory: String) -> Int32? { LedgerLock.holder(of: lockPath(in: directory)) }

    private convenience init(directory: String, access: Access) throws(LedgerError) {
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
