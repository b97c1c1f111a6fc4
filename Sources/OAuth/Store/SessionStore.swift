internal import ATProtocol
internal import Crypto
internal import Network

/// The session file and its locks; every write goes through the protocol that no crash can break.
///
/// `session.json` is only ever replaced by a complete, synced file. Calls block: use ``BlockingQueue``.
struct SessionStore: Sendable {
    /// Room for the next record, taken before a token is spent.
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

    /// What tells one version of the file from another; nil when there is none or it cannot be examined.
    func version() -> FileStatus? { (try? files.status(of: path)) ?? nil }

    /// The stored record; nil when there is none.
    ///
    /// - Throws: ``OAuthFailure`` when the file is there but must not be used: corrupt is not absent.
    func load() throws(OAuthFailure) -> SessionRecord? {
        do throws(FileFailure) {
            guard let status = try files.status(of: path) else { return nil }
            try check(status)
            return try decode(files.read(path))
        } catch {
            throw Self.storage(error)
        }
    }

    private func checkDirectory() throws(FileFailure) {
        guard let status = try files.status(of: directory) else { return }
        guard status.owner == files.owner else {
            throw .unusable(directory, "it belongs to another user; run this as the user of the daemon")
        }
        guard status.mode & 0o077 == 0 else {
            throw .unusable(directory, "it is open to other users; run: chmod 700 \(directory)")
        }
    }

    private func check(_ status: FileStatus) throws(FileFailure) {
        try checkDirectory()
        guard status.isRegular else { throw .unusable(path, "it is not a plain file") }
        guard status.owner == files.owner else { throw .unusable(path, "it belongs to another user") }
        guard !status.isShared else { throw .unusable(path, "other users may read it; run: chmod 600 \(path)") }
    }

    private func decode(_ bytes: [UInt8]) throws(FileFailure) -> SessionRecord {
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

    /// Bound to the ciphertext, so that a file cannot be moved to another account.
    private var context: [UInt8] { Array("\(account.text)|\(SessionRecord.format)".utf8) }

    private func encode(_ record: SessionRecord) throws(OAuthFailure) -> [UInt8] {
        guard let encryptionKey else { return record.json.encoded }
        do throws(CryptoFailure) {
            let box = try SealedBox.seal(record.json.encoded, key: encryptionKey, context: context)
            let envelope: JSONValue = [
                "format": .integer(SessionRecord.format), "did": .string(account.text),
                "encrypted": .string(Base64.encode(box)),
            ]
            return envelope.encoded
        } catch {
            throw OAuthFailure(code: .crypto, sentence: "The session could not be encrypted: \(error.detail).")
        }
    }

    /// Replaces the record on the disk.
    ///
    /// - Returns: why a crash of the machine may bring the old one back; nil when it cannot.
    /// - Throws: ``OAuthFailure`` when the old one is still there.
    @discardableResult func save(_ record: SessionRecord) throws(OAuthFailure) -> OAuthFailure? {
        let bytes = try encode(record)
        do throws(FileFailure) {
            return try files.replace(path, with: bytes).map(Self.storage)
        } catch {
            throw Self.storage(error)
        }
    }

    /// Proves that the store takes a record for good, and takes the room for the next one: called before a token is spent.
    func prove(_ record: SessionRecord) throws(OAuthFailure) {
        if let doubt = try save(record) { throw doubt }
        try reserve()
    }

    /// Takes room for a record, where nobody else's session is or can be read.
    func reserve() throws(OAuthFailure) {
        do throws(FileFailure) {
            try checkDirectory()
            if let status = try files.status(of: path), status.owner != files.owner {
                throw .unusable(path, "it belongs to another user; run this as the user of the daemon")
            }
            try files.reserve(nextPath, size: Self.reservation)
        } catch {
            throw Self.storage(error)
        }
    }

    /// Stores a new login, keeping what was there under a name that tells when it ended.
    ///
    /// - Returns, throws: as ``save(_:)`` does.
    func replace(with record: SessionRecord, at now: UnixTime) throws(OAuthFailure) -> OAuthFailure? {
        do throws(FileFailure) {
            if try files.status(of: path) != nil {
                // A copy and no link: some file systems know none. The replacement that follows syncs the directory.
                try files.write(files.read(path), to: directory + "/session.dead-\(Int64(now.seconds)).json")
            }
        } catch {
            throw Self.storage(error)
        }
        return try save(record)
    }

    /// Removes the record after a logout.
    func retire() throws(OAuthFailure) {
        do { try files.remove(path) } catch { throw Self.storage(error) }
    }

    /// Keeps the last answer that could not be used, for the operator.
    func keep(_ body: [UInt8]) throws(OAuthFailure) -> String {
        let file = directory + "/session.answer.txt"
        var kept = Array(body.prefix(65_536))
        // It may hold tokens: where the session is encrypted this is, too.
        if let encryptionKey {
            do throws(CryptoFailure) {
                kept = Array(Base64.encode(try SealedBox.seal(kept, key: encryptionKey, context: context)).utf8)
            } catch {
                throw OAuthFailure(code: .crypto, sentence: "The answer could not be encrypted: \(error.detail).")
            }
        }
        do { try files.write(kept, to: file) } catch { throw Self.storage(error) }
        return file
    }

    /// The lock held from reading the record to writing its successor; nil while another process holds it.
    func lock() throws(OAuthFailure) -> (any FileLock)? {
        do { return try files.lock(directory + "/session.lock") } catch { throw Self.storage(error) }
    }

    /// The lock that a daemon holds as long as it runs; nil when another one does.
    func lockInstance() throws(OAuthFailure) -> (any FileLock)? {
        do { return try files.lock(directory + "/session.instance.lock") } catch { throw Self.storage(error) }
    }

    private static func storage(_ failure: FileFailure) -> OAuthFailure {
        OAuthFailure(code: .storage, sentence: "The session store is unusable: \(failure).")
    }
}
