internal import Crypto
public import LedgerStorage
internal import Network

/// What must survive `kill -9`, in one SQLite file: positions, change requests, messages and their outcomes.
///
/// It is a bundle of stores over one database; each user gets only the stores that it needs. docs/delivery.md describes
/// the file format. A version of this program reads the file of the version before.
public struct Ledger: Sendable {
    let database: LedgerDatabase

    /// Opens the ledger in a state directory.
    ///
    /// - Parameters:
    ///   - directory: exists and belongs to this process.
    ///   - access: see ``LedgerDatabase/Access``.
    ///   - version: the version of this program, which is written into the file; nil leaves the file's as it is.
    ///   - progress: is told, on its own thread, how far the carry-over of an older ledger is. If it throws, or the
    ///     task is cancelled, the carry-over ends between two transactions, and the next opening goes on from there.
    ///   - waiting: is told, on its own thread, for which process's lock we wait, and how long: after five seconds and
    ///     then every 30 seconds.
    /// - Returns: the ledger.
    /// - Throws: ``LedgerError``.
    package static func open(
        directory: String,
        access: LedgerDatabase.Access,
        version: String? = nil,
        progress: @escaping @Sendable (LedgerCarryOver.Progress) throws -> Void = { _ in },
        waiting: @escaping @Sendable (_ holder: String, _ waited: Duration) -> Void = { _, _ in }
    ) async throws(LedgerError) -> Ledger {
        let database = try await LedgerDatabase.open(
            directory: directory,
            access: access,
            version: version,
            progress: progress,
            waiting: waiting
        )
        return Ledger(database: database)
    }

    /// The daemon process that has the ledger of a state directory open; nil for none.
    public static func daemon(in directory: String) -> Int32? {
        LedgerLock.holder(of: LedgerDatabase.lockPath(in: directory))
    }

    /// Positions, gaps, and the events that were seen.
    public var stream: StreamStore { StreamStore(database: database) }
    /// Accounts that nobody writes to.
    public var suppressions: SuppressionList { SuppressionList(database: database) }
    /// What operators see and decide.
    public var desk: OperatorDesk { OperatorDesk(database: database) }
    /// What authors of requests may know; each use has its own connection.
    public var requests: RequestDesk { RequestDesk(reader: database.reader) }
    var settings: Settings { Settings(database: database) }
    /// What is known about recipients, and their preferences.
    public var recipients: RecipientStore { RecipientStore(database: database) }
    var confirmations: ConfirmationStore { ConfirmationStore(database: database) }
    var subscriptions: SubscriptionStore { SubscriptionStore(database: database) }
    func queue(_ timetable: Timetable) -> JobQueue { JobQueue(database: database, timetable: timetable) }

    /// The marks of messages, made with the key of the state directory.
    func marks(now: UnixTime) async throws(LedgerError) -> MessageReference {
        let key = try await database.markKey(now: now, new: Base64.encode(SecureRandom.bytes(32)))
        guard let bytes = Base64.decode(key.text) else {
            throw LedgerError(.corrupt, path: MarkKey.fileName, detail: "it is no key of this program's")
        }
        return MessageReference(key: bytes, madeAt: key.madeAt)
    }

    /// Checks the whole file for damage, beside the daemon's work, until the task is cancelled.
    ///
    /// - Throws: ``LedgerError`` of code `corrupt`.
    func examine() async throws(LedgerError) { try await database.examine() }

    /// Whether a message of the sender's is known in a conversation by its id, or may be one that is in doubt there.
    ///
    /// - Throws: ``LedgerError``.
    public func knows(_ message: String, in conversation: String) async throws(LedgerError) -> Bool {
        try await queue(Timetable()).knows(message, in: conversation)
    }

    /// A number that changes when another process has written to the ledger.
    func version() async throws(LedgerError) -> Int64 { try await database.version() }
}
