internal import Network

/// The session's store for callers that must not block; its calls run on a queue of their own.
struct SessionVault: Sendable {
    let store: SessionStore
    let queue: BlockingQueue
    private let sleeper: any Clock<Duration>

    /// How long to wait for a lock, in tenths of a second; longer than a command holds it.
    private static let lockPatience = 700

    /// Opens the store of a configuration.
    ///
    /// - Throws: ``OAuthError`` when its encryption key is missing.
    init(_ configuration: SessionConfiguration, _ environment: SessionEnvironment) throws(OAuthError) {
        store = try SessionStore(configuration, environment.files)
        queue = BlockingQueue()
        sleeper = environment.sleeper
    }

    /// Reads the stored record; nil when there is none.
    func load() async throws(OAuthError) -> SessionRecord? {
        try await queue.run { () throws(OAuthError) in try store.load() }
    }

    /// Replaces the record, as ``SessionStore/save(_:)`` does.
    @discardableResult func save(_ record: SessionRecord) async throws(OAuthError) -> OAuthError? {
        try await queue.run { () throws(OAuthError) in try store.save(record) }
    }

    /// Proves that a record and its successor can be written, as ``SessionStore/prove(_:)`` does.
    func prove(_ record: SessionRecord) async throws(OAuthError) {
        try await queue.run { () throws(OAuthError) in try store.prove(record) }
    }

    /// Keeps a response for the operator; returns the file's path, nil when it could not be written.
    func keep(_ body: [UInt8]) async -> String? {
        try? await queue.run { () throws(OAuthError) in try store.keep(body) }
    }

    /// The status that distinguishes versions of the file; nil when there is none.
    func version() async -> FileStatus? {
        (try? await queue.run { () throws(OAuthError) in store.version() }) ?? nil
    }

    /// Whether a daemon runs or may run; it may have newer tokens in memory than those on the disk.
    var isHeldByDaemon: Bool {
        get async {
            let lock = (try? await queue.run { () throws(OAuthError) in try store.lockInstance() }) ?? nil
            lock?.unlock()
            return lock == nil
        }
    }

    /// Waits for the lock that is held from reading a record to writing the next.
    ///
    /// - Returns: the lock; nil when another process has kept it for 70 s.
    /// - Throws: ``OAuthError`` when it cannot be taken at all.
    func lock() async throws(OAuthError) -> (any FileLock)? {
        for _ in 0..<Self.lockPatience {
            if let lock = try await queue.run({ () throws(OAuthError) in try store.lock() }) { return lock }
            try? await sleeper.sleep(for: .milliseconds(100))
        }
        return nil
    }

    /// Waits for the lock, for a command that needs it.
    ///
    /// - Throws: ``OAuthError`` with code ``OAuthError/Code/busy`` when another process keeps it.
    func heldLock() async throws(OAuthError) -> any FileLock {
        if let lock = try await lock() { return lock }
        throw OAuthError(code: .busy, sentence: "Another process holds the session; try again in a minute.")
    }
}
