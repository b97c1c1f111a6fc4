internal import Network

/// The session's store for callers that must not block: each call runs on a queue of its own.
struct SessionVault: Sendable {
    let store: SessionStore
    let queue: BlockingQueue
    private let sleeper: any Clock<Duration>

    /// How long a lock is waited for: longer than a command holds it, in tenths of a second.
    private static let lockPatience = 700

    /// Opens the store that a configuration describes.
    ///
    /// - Throws: ``OAuthFailure`` when the key of its encryption is missing.
    init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) throws(OAuthFailure) {
        store = try SessionStore(configuration, environment.files)
        queue = BlockingQueue()
        sleeper = environment.sleeper
    }

    /// The stored record; nil when there is none.
    func load() async throws(OAuthFailure) -> SessionRecord? {
        try await queue.run { () throws(OAuthFailure) in try store.load() }
    }

    /// Replaces the record; as ``SessionStore/save(_:)``.
    @discardableResult func save(_ record: SessionRecord) async throws(OAuthFailure) -> OAuthFailure? {
        try await queue.run { () throws(OAuthFailure) in try store.save(record) }
    }

    /// Proves that the store takes a record and its successor; as ``SessionStore/prove(_:)``.
    func prove(_ record: SessionRecord) async throws(OAuthFailure) {
        try await queue.run { () throws(OAuthFailure) in try store.prove(record) }
    }

    /// Keeps an answer for the operator; the file, or nil when it could not be written.
    func keep(_ body: [UInt8]) async -> String? {
        try? await queue.run { () throws(OAuthFailure) in try store.keep(body) }
    }

    /// What tells one version of the file from another; nil when there is none.
    func version() async -> FileStatus? {
        (try? await queue.run { () throws(OAuthFailure) in store.version() }) ?? nil
    }

    /// Whether a daemon runs, or nobody can tell: it may hold in memory the successor of what the disk holds.
    var isHeldByDaemon: Bool {
        get async {
            let lock = (try? await queue.run { () throws(OAuthFailure) in try store.lockInstance() }) ?? nil
            lock?.unlock()
            return lock == nil
        }
    }

    /// Waits for the lock that is held from reading the record to writing its successor.
    ///
    /// - Returns: the lock; nil when another process keeps it for 70 s.
    /// - Throws: ``OAuthFailure`` when it cannot be taken at all.
    func lock() async throws(OAuthFailure) -> (any FileLock)? {
        for _ in 0..<Self.lockPatience {
            if let lock = try await queue.run({ () throws(OAuthFailure) in try store.lock() }) { return lock }
            try? await sleeper.sleep(for: .milliseconds(100))
        }
        return nil
    }

    /// Waits for the lock as a command does, which cannot go on without it.
    ///
    /// - Throws: ``OAuthFailure`` of code ``OAuthFailure/Code/busy`` when another process keeps it.
    func heldLock() async throws(OAuthFailure) -> any FileLock {
        if let lock = try await lock() { return lock }
        throw OAuthFailure(code: .busy, sentence: "Another process holds the session; try again in a minute.")
    }
}
