package import LedgerStorage

/// What must survive `kill -9`: positions, change requests, messages and what became of them, in one SQLite file.
///
/// A bundle of stores over one database, of which each user is given those it needs. The file format is docs/delivery.md; a
/// version of this program reads the file of the one before.
public struct Ledger: Sendable {
    let database: LedgerDatabase

    /// Opens the ledger in a state directory.
    ///
    /// - Parameters:
    ///   - directory: exists and belongs to this process.
    ///   - access: see ``LedgerDatabase/Access``.
    ///   - version: of this program, by which the ledger says who wrote it; nil leaves that as it is.
    ///   - progress: told how a ledger of the version before is carried over, on a thread of its own; what it throws, and a
    ///     cancelled task, ends that between two transactions, and the next opening goes on from there.
    /// - Returns: the ledger.
    /// - Throws: ``LedgerError``.
    package static func open(
        directory: String,
        access: LedgerDatabase.Access,
        version: String? = nil,
        progress: @escaping @Sendable (LedgerCarryOver.Progress) throws -> Void = { _ in }
    ) async throws(LedgerError) -> Ledger {
        let database = try await LedgerDatabase.open(
            directory: directory,
            access: access,
            version: version,
            progress: progress
        )
        return Ledger(database: database)
    }

    /// The process of the daemon that has the ledger of a state directory open; nil when none has.
    public static func daemon(in directory: String) -> Int32? {
        LedgerLock.holder(of: LedgerDatabase.lockPath(in: directory))
    }

    /// Positions, gaps, and what was seen.
    public var stream: StreamStore { StreamStore(database: database) }
    /// Whom nobody writes to.
    public var suppressions: SuppressionList { SuppressionList(database: database) }
    /// What operators see and decide.
    public var desk: OperatorDesk { OperatorDesk(database: database) }
    var settings: Settings { Settings(database: database) }
    var recipients: RecipientStore { RecipientStore(database: database) }
    var confirmations: ConfirmationStore { ConfirmationStore(database: database) }
    func queue(_ timetable: Timetable) -> JobQueue { JobQueue(database: database, timetable: timetable) }

    /// A number that changes when another process has written to the ledger.
    func version() async throws(LedgerError) -> Int64 { try await database.version() }
}
