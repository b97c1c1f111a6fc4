internal import ATProtocol
internal import Crypto
internal import Network

/// The session file and its locks; the write protocol is safe at every point where a process may crash.
///
/// `session.json` is only replaced by a complete, synced file. Calls block: use ``BlockingQueue``.
struct SessionStore: Sendable {
    /// How many octets are reserved for the next record before a token is spent.
    static let reservation = 16_384

    let directory: String
    private let account: DID
    private let files: any SessionFileSystem
    private let encryptionKey: [UInt8]?

    init(directory: String, account: DID, files: any SessionFileSystem, encryptionKey: [UInt8]?) {
        self.directory = directory
        self.account = account
        self.files = files
        self.encryptionKey = encryptionKey
    }

    var path: String { directory + "/session.json" }
    private var nextPath: String { directory + "/session.json.tmp" }

    /// The status that distinguishes versions of the file; nil when it is missing or cannot be examined.
    func version() -> FileStatus? { (try? files.status(of: path)) ?? nil }

    /// Reads the stored record; nil when there is none.
    ///
    /// - Throws: ``OAuthError`` when the file exists but must not be used; a corrupt file is not a missing one.
    func load() throws(OAuthError) -> SessionRecord? {
        do throws(FileError) {
            guard let status = try files.status(of: path) else { return nil }
            try check(status)
            return try decode(files.read(path))
        } catch {
            throw Self.storage(error)
        }
    }

    private func checkDirectory() throws(FileError) {
        guard let status = try files.status(of: directory) else { return }
        guard status.owner == files.owner else {
            throw .unusable(directory, "it belongs to another user; run this as the user of the daemon")
        }
        guard status.mode & 0o077 == 0 else {
            throw .unusable(directory, "it is open to other users; run: chmod 700 \(directory)")
        }
    }

    private func check(_ status: FileStatus) throws(FileError) {
        try checkDirectory()
        guard status.isRegular else { throw .unusable(path, "it is not a plain file") }
        guard status.owner == files.owner else { throw .unusable(path, "it belongs to another user") }
        guard !status.isShared else { throw .unusable(path, "other users may read it; run: chmod 600 \(path)") }
    }

    private func decode(_ bytes: [UInt8]) throws(FileError) -> SessionRecord {
        guard !bytes.isEmpty else { throw .unusable(path, "it is empty") }
        guard var json = try? JSONValue(parsing: bytes) else { throw .unusable(path, "it is not JSON, or was cut off") }
        let isInTheClear = encryptionKey != nil && json["encrypted"] == nil
        if let box = json["encrypted"]?.string {
            guard let encryptionKey else { throw .unusable(path, "it is encrypted and no key is configured") }
            guard let sealed = Base64.decode(box),
                let plain = try? SealedBox.open(sealed, key: encryptionKey, context: context),
                let inner = try? JSONValue(parsing: plain)
            else { throw .unusable(path, "it cannot be decrypted with the configured key for this account") }
            json = inner
        }
        guard var record = SessionRecord(json) else { throw .unusable(path, "it is not a session of this version") }
        record.isInTheClear = isInTheClear
        return record
    }

    /// Authenticated with the ciphertext, so that a file cannot be used for another account.
    private var context: [UInt8] { Array("\(account.text)|\(SessionRecord.format)".utf8) }

    private func encode(_ record: SessionRecord) throws(OAuthError) -> [UInt8] {
        guard let encryptionKey else { return record.json.encoded }
        do throws(CryptoError) {
            let box = try SealedBox.seal(record.json.encoded, key: encryptionKey, context: context)
            let envelope: JSONValue = [
                "format": .integer(SessionRecord.format), "did": .string(account.text),
                "encrypted": .string(Base64.encode(box)),
            ]
            return envelope.encoded
        } catch {
            throw OAuthError(code: .crypto, sentence: "The session could not be encrypted: \(error.detail).")
        }
    }

    /// Replaces the record on the disk.
    ///
    /// - Returns: why a crash of the machine may restore the old one; nil when it cannot.
    /// - Throws: ``OAuthError`` when the old one is unchanged.
    @discardableResult func save(_ record: SessionRecord) throws(OAuthError) -> OAuthError? {
        let bytes = try encode(record)
        do throws(FileError) {
            return try files.replace(path, with: bytes).map(Self.storage)
        } catch {
            throw Self.storage(error)
        }
    }

    /// Proves that a record can be written durably, and reserves room for the next; called before a token is spent.
    func prove(_ record: SessionRecord) throws(OAuthError) {
        if let doubt = try save(record) { throw doubt }
        try reserve()
    }

    /// Reserves room for a record; throws if the directory or the session belongs to another user.
    func reserve() throws(OAuthError) {
        do throws(FileError) {
            try checkDirectory()
            if let status = try files.status(of: path), status.owner != files.owner {
                throw .unusable(path, "it belongs to another user; run this as the user of the daemon")
            }
            try files.reserve(nextPath, size: Self.reservation)
        } catch {
            throw Self.storage(error)
        }
    }

    /// Stores a new login, and keeps the old file under a name with the current time.
    ///
    /// - Returns, throws: as ``save(_:)`` does.
    func replace(with record: SessionRecord, at now: UnixTime) throws(OAuthError) -> OAuthError? {
        do throws(FileError) {
            if try files.status(of: path) != nil {
                // A copy, because some file systems have no hard links. The replacement below syncs the directory.
                try files.write(files.read(path), to: directory + "/session.dead-\(Int64(now.seconds)).json")
            }
        } catch {
            throw Self.storage(error)
        }
        return try save(record)
    }

    /// Removes the record after a logout.
    func retire() throws(OAuthError) {
        do { try files.remove(path) } catch { throw Self.storage(error) }
    }

    /// Keeps the last unusable response for the operator.
    func keep(_ body: [UInt8]) throws(OAuthError) -> String {
        let file = directory + "/session.answer.txt"
        var kept = Array(body.prefix(65_536))
        // It may contain tokens, so it is encrypted if the session is.
        if let encryptionKey {
            do throws(CryptoError) {
                kept = Array(Base64.encode(try SealedBox.seal(kept, key: encryptionKey, context: context)).utf8)
            } catch {
                throw OAuthError(code: .crypto, sentence: "The answer could not be encrypted: \(error.detail).")
            }
        }
        do { try files.write(kept, to: file) } catch { throw Self.storage(error) }
        return file
    }

    /// The lock that is held from reading a record to writing the next; nil while another process holds it.
    func lock() throws(OAuthError) -> (any FileLock)? {
        do { return try files.lock(directory + "/session.lock") } catch { throw Self.storage(error) }
    }

    /// The lock that a daemon holds while it runs; nil when another daemon holds it.
    func lockInstance() throws(OAuthError) -> (any FileLock)? {
        do { return try files.lock(directory + "/session.instance.lock") } catch { throw Self.storage(error) }
    }

    private static func storage(_ failure: FileError) -> OAuthError {
        OAuthError(code: .storage, sentence: "The session store is unusable: \(failure).")
    }
}
