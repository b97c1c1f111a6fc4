internal import Crypto
public import LedgerStorage
internal import Network

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
    ///   - waiting: told, on a thread of its own, which process's lock is waited for, and how long so far: after five
    ///     seconds, then every half a minute.
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
    /// What requesters may know; each time with a connection of its own.
    public var requests: RequestDesk { RequestDesk(reader: database.reader) }
    var settings: Settings { Settings(database: database) }
    /// What is known of those who are written to, and what they want.
    public var recipients: RecipientStore { RecipientStore(database: database) }
    var confirmations: ConfirmationStore { ConfirmationStore(database: database) }
    var subscriptions: SubscriptionStore { SubscriptionStore(database: database) }
    func queue(_ timetable: Timetable) -> JobQueue { JobQueue(database: database, timetable: timetable) }

    /// The marks of messages, by the key of the state directory.
    func marks(now: UnixTime) async throws(LedgerError) -> MessageReference {
        let key = try await database.markKey(now: now, new: Base64.encode(SecureRandom.bytes(32)))
        guard let bytes = Base64.decode(key.text) else {
            throw LedgerError(.corrupt, path: MarkKey.fileName, detail: "it is no key of this program's")
        }
        return MessageReference(key: bytes, madeAt: key.madeAt)
    }

    /// Looks through the whole file for damage, beside the work, until the task is cancelled.
    ///
    /// - Throws: ``LedgerError`` of code `corrupt`.
    func examine() async throws(LedgerError) { try await database.examine() }

    /// Whether a message of the sender's, by its id, is known in a conversation, or may be one that is in doubt there.
    ///
    /// - Throws: ``LedgerError``.
    public func knows(_ message: String, in conversation: String) async throws(LedgerError) -> Bool {
        try await queue(Timetable()).knows(message, in: conversation)
    }

    /// A number that changes when another process has written to the ledger.
    func version() async throws(LedgerError) -> Int64 { try await database.version() }
}
