internal import Dispatch
package import GRDB
internal import Glibc
internal import Synchronization

/// The SQLite file of the ledger: opens, locks and migrates it, and turns its errors into ours.
///
/// Write-ahead log with `synchronous=FULL`: a transaction that has returned is on disk. Every access runs on GRDB's own
/// queue, never on the cooperative pool.
package final class LedgerDatabase: Sendable {
    /// What a process wants from the ledger.
    package enum Access: Sendable {
        /// The daemon: keeps other daemons out, and migrates.
        case daemon
        /// A command, with or without a running daemon: reads and writes, and migrates when no daemon runs.
        case command
    }

    /// The database file.
    package let path: String
    private let queue: DatabaseQueue
    private let lock: LedgerLock?
    private let neighbors: LockWait
    /// The version of this program that last wrote the file; nil when the file does not say.
    private let writer: String?

    package convenience init(path: String, queue: DatabaseQueue) {
        self.init(path: path, queue: queue, lock: nil, neighbors: LockWait(path: path, patience: .zero) { _, _ in })
    }

    private init(path: String, queue: DatabaseQueue, lock: LedgerLock?, neighbors: LockWait, writer: String? = nil) {
        self.path = path
        self.queue = queue
        self.lock = lock
        self.neighbors = neighbors
        self.writer = writer
    }

    /// How long one statement of the daemon waits for another process's lock.
    ///
    /// Shorter than the watchdog's 75 seconds, and than the service manager's 90 seconds for a start.
    private static let daemonPatience = Duration.seconds(70)
    private static let commandPatience = Duration.seconds(10)

    /// Opens the database in a state directory, off the cooperative pool.
    ///
    /// `version` is that of this program, which is written into the file; nil leaves the file's as it is. `progress` is
    /// told how far the carry-over of an older ledger is, `waiting` when we wait for another process's lock.
    package static func open(
        directory: String,
        access: Access,
        version: String?,
        progress: @escaping @Sendable (LedgerCarryOver.Progress) throws -> Void,
        waiting: @escaping @Sendable (_ holder: String, _ waited: Duration) -> Void
    ) async throws(LedgerError) -> LedgerDatabase {
        let isCancelled = Atomic(false)
        let result: Result<LedgerDatabase, LedgerError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(
                        returning: Result { () throws(LedgerError) in
                            try LedgerDatabase(
                                directory: directory,
                                access: access,
                                version: version,
                                waiting: waiting
                            ) { state in
                                guard !isCancelled.load(ordering: .relaxed) else { throw CancellationError() }
                                try progress(state)
                            }
                        }
                    )
                }
            }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
        }
        return try result.get()
    }

    package static func lockPath(in directory: String) -> String { "\(directory)/ledger.lock" }

    private convenience init(
        directory: String,
        access: Access,
        version: String?,
        waiting: @escaping LockWait.Report,
        progress: @escaping @Sendable (LedgerCarryOver.Progress) throws -> Void
    ) throws(LedgerError) {
        let path = "\(directory)/ledger.sqlite"
        let lockPath = Self.lockPath(in: directory)
        let lock: LedgerLock? =
            switch access {
            case .daemon: try LedgerLock(path: lockPath, holder: getpid())
            case .command: nil
            }
        let patience = lock == nil ? Self.commandPatience : Self.daemonPatience
        let neighbors = LockWait(path: path, patience: patience, report: waiting)
        var writer: String?
        do {
            var configuration = Configuration()
            configuration.label = "ledger"
            configuration.journalMode = .wal
            configuration.busyMode = .callback { neighbors.goesOn(after: $0) }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            // After the opening, in which GRDB sets NORMAL: with it a commit is on disk only at the next checkpoint.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous=FULL") }
            let migrator = LedgerSchema.migrator
            let (isCurrent, isTooNew, isOld) = try queue.read { database in
                (
                    try migrator.hasCompletedMigrations(database), try migrator.hasBeenSuperseded(database),
                    try LedgerCarryOver.isNeeded(database)
                )
            }
            // A file that we cannot read does not say who wrote it.
            writer = try? queue.read { try $0.setting(Self.writtenBy) }
            guard !isTooNew else { throw LedgerError(.tooNew, path: path, detail: "unknown schema version") }
            let signature = version.flatMap { $0 != writer && (lock != nil || !isCurrent) ? $0 : nil }
            if !isCurrent {
                // A command migrates only when no daemon holds the lock.
                let held = try lock ?? Self.lockForCommand(path: lockPath)
                try withExtendedLifetime(held) {
                    if isOld {
                        // Written before any change that the previous version cannot read.
                        if let signature { try queue.write { try $0.set(Self.writtenBy, to: signature) } }
                        try LedgerCarryOver(queue: queue, progress: progress).run()
                    } else {
                        try migrator.migrate(queue)
                    }
                }
            }
            if let signature, !isOld { try queue.write { try $0.set(Self.writtenBy, to: signature) } }
            self.init(path: path, queue: queue, lock: lock, neighbors: neighbors, writer: signature ?? writer)
        } catch {
            throw Self.failure(error, path, neighbors, writer)
        }
    }

    /// The setting that names the version that last wrote the file.
    private static let writtenBy = "written-by"

    private static func lockForCommand(path: String) throws(LedgerError) -> LedgerLock {
        do { return try LedgerLock(path: path, holder: nil) } catch {
            guard error.code == .inUse else { throw error }
            let cause = "it is being carried over to this version, or the daemon is of the version before"
            throw LedgerError(.busy, path: path, detail: cause)
        }
    }

    /// Checks the whole file for damage, on its own connection beside the daemon's work, until the task is cancelled.
    ///
    /// - Throws: ``LedgerError``; its code is `corrupt` when something is damaged.
    package func examine() async throws(LedgerError) {
        do {
            let reader = try LedgerReader.open(path, label: "ledger-examination")
            let found = try await withTaskCancellationHandler {
                try await reader.read { try String.fetchOne($0, sql: "PRAGMA integrity_check(1)") }
            } onCancel: {
                reader.interrupt()
            }
            guard let found, found != "ok" else { return }
            throw LedgerError(.corrupt, path: path, detail: found)
        } catch {
            let failure = LedgerError(error, path: path, writer: writer)
            // A check that ends early, or cannot begin, has found nothing.
            guard failure.code == .corrupt else { return }
            throw failure
        }
    }

    /// A second connection, which reads while the daemon works.
    package var reader: LedgerReader { LedgerReader(path: path, writer: writer) }

    /// `PRAGMA data_version`: changes with every commit of another connection, and with none of ours.
    package func version() async throws(LedgerError) -> Int64 {
        try await read { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }

    private static func failure(_ error: any Error, _ path: String, _ neighbors: LockWait, _ writer: String?)
        -> LedgerError
    {
        let failure = LedgerError(error, path: path, writer: writer)
        guard failure.code == .busy, !(error is LedgerError) else { return failure }
        return LedgerError(.busy, path: path, detail: "\(neighbors.holder) has locked it")
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await ended { end in
            // GRDB's own read makes the connection read-only for its time, whereupon SQLite prepares every statement anew.
            queue.asyncWriteWithoutTransaction { database in end(Result { try database.reading(body) }) }
        }
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await ended { end in queue.asyncWrite(body) { _, result in end(result) } }
    }

    /// Waits for the end of an access, which comes even when the task is cancelled: what has to be written before a stop
    /// is written.
    private func ended<Value: Sendable>(
        _ access: (_ end: @escaping @Sendable (Result<Value, any Error>) -> Void) -> Void
    ) async throws(LedgerError) -> Value {
        let result = await withCheckedContinuation { continuation in access { continuation.resume(returning: $0) } }
        do { return try result.get() } catch { throw Self.failure(error, path, neighbors, writer) }
    }
}

extension Database {
    /// Reads in one transaction, so that all of it is of one moment.
    fileprivate func reading<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try beginTransaction(.deferred)
        let result = Result { try body(self) }
        // There is nothing to commit, and nobody is told of a commit.
        try rollback()
        return try result.get()
    }
}
