internal import ATProtocol
internal import Crypto
internal import Synchronization

/// The records of all repositories of the PDS, and what is told of every change.
final class RepositoryStore: Sendable {
    struct StoredRecord: Sendable {
        let cid: String
        let value: JSONValue
    }

    private struct State {
        var records: [String: StoredRecord] = [:]
        var revisions: [DID: TID] = [:]
        var signed: [DID: SignedRepository] = [:]
    }

    private let state = Mutex(State())
    private let clock: SandboxClock
    private let publish: @Sendable (CommittedRecord) -> Void

    /// A store that tells of each commit in the order in which they were made.
    init(clock: SandboxClock, publish: @escaping @Sendable (CommittedRecord) -> Void) {
        self.clock = clock
        self.publish = publish
    }

    /// Signs the commits of a repository from now on.
    ///
    /// - Throws: ``SandboxError``.
    func sign(_ did: DID, with key: SigningKey) throws(SandboxError) {
        let repository = try SignedRepository(did, key: key, rev: nextRev())
        state.withLock { $0.signed[did] = repository }
    }

    /// Signs a repository with another key from now on, its newest state too.
    ///
    /// - Throws: ``SandboxError`` when the repository is not signed at all.
    func rotate(_ did: DID, to key: SigningKey) throws(SandboxError) {
        let rev = nextRev()
        let result = state.withLock { state in
            Result { () throws(SandboxError) in
                guard state.signed[did] != nil else { throw SandboxError("\(did) signs no commits") }
                try state.signed[did]?.rotate(to: key, rev: rev)
                state.revisions[did] = rev
            }
        }
        try result.get()
    }

    /// The collections that a repository holds records of, in order.
    func collections(of did: DID) -> [String] {
        let beginning = "at://\(did)/"
        let names = state.withLock { $0.records.keys.filter { $0.hasPrefix(beginning) } }.map {
            String($0.dropFirst(beginning.count).prefix { $0 != "/" })
        }
        return Set(names).sorted()
    }

    /// A CAR that proves what stands at a path; nil when the repository is not signed.
    ///
    /// - Throws: ``SandboxError``.
    func proof(_ did: DID, _ collection: String, _ key: String) throws(SandboxError) -> [UInt8]? {
        let (repository, record) = state.withLock { state in
            (state.signed[did], state.records["at://\(did)/\(collection)/\(key)"]?.value)
        }
        let block = try record.map { value throws(SandboxError) in try RepositoryTree.encoded(value) }
        return try repository?.proof(of: "\(collection)/\(key)", block)
    }

    /// Tells of a record that nobody ever committed.
    ///
    /// - Throws: ``SandboxError`` when the value is no record.
    func forge(_ did: DID, _ collection: NSID, _ value: JSONValue) throws(SandboxError) -> ATURI {
        let rev = nextRev()
        let block = try RepositoryTree.encoded(value)
        let key: RecordKey
        do { key = try RecordKey(rev.text) } catch { throw SandboxError("\(error)") }
        let uri = ATURI(did, collection, key)
        publish(
            CommittedRecord(
                uri: uri,
                did: did,
                operation: .create,
                rev: rev,
                cid: CID(of: block).text,
                value: value,
                evidence: nil
            )
        )
        return uri
    }

    private func nextRev() -> TID { TID(microseconds: clock.uniqueMicroseconds(), clock: 7) }

    /// Writes a record, or deletes it when the value is nil.
    ///
    /// - Throws: ``SandboxError`` when there is nothing to delete or the type is not the collection.
    @discardableResult
    func write(
        _ did: DID,
        _ collection: NSID,
        _ key: RecordKey?,
        _ value: JSONValue?
    ) throws(SandboxError) -> CommittedRecord {
        if let value, value["$type"]?.string != collection.text {
            throw SandboxError("Invalid $type: expected \(collection), got \(value["$type"]?.string ?? "nothing")")
        }
        let block = try value.map { value throws(SandboxError) in try RepositoryTree.encoded(value) }
        // Published inside the lock: the stream's order is the order of the commits.
        let result = state.withLock { state in
            Result { () throws(SandboxError) in try commit(did, collection, key, value, block, in: &state) }
        }
        return try result.get()
    }

    private func commit(
        _ did: DID,
        _ collection: NSID,
        _ key: RecordKey?,
        _ value: JSONValue?,
        _ block: [UInt8]?,
        in state: inout State
    ) throws(SandboxError) -> CommittedRecord {
        let rev = nextRev()
        let uri: ATURI
        do { uri = ATURI(did, collection, try key ?? RecordKey(rev.text)) } catch { throw SandboxError("\(error)") }
        let isKnown = state.records[uri.text] != nil
        guard value != nil || isKnown else { throw SandboxError("Could not locate record: \(uri)") }
        let cid = block.map { CID(of: $0).text }
        state.records[uri.text] = value.flatMap { value in cid.map { StoredRecord(cid: $0, value: value) } }
        state.revisions[did] = rev
        let path = "\(collection)/\(uri.recordKey?.text ?? "")"
        let commit = CommittedRecord(
            uri: uri,
            did: did,
            operation: value == nil ? .delete : isKnown ? .update : .create,
            rev: rev,
            cid: cid,
            value: value,
            evidence: try state.signed[did]?.commit(path, block, rev: rev)
        )
        publish(commit)
        return commit
    }

    func record(_ uri: String) -> StoredRecord? { state.withLock { $0.records[uri] } }

    func revision(of did: DID) -> TID? { state.withLock { $0.revisions[did] } }

    /// The records of one collection by descending key, as `listRecords` gives them.
    func records(of did: DID, in collection: String) -> [(key: String, record: StoredRecord)] {
        let prefix = "at://\(did)/\(collection)/"
        return state.withLock { state in
            state.records.filter { $0.key.hasPrefix(prefix) }
                .map { (String($0.key.dropFirst(prefix.utf8.count)), $0.value) }
                .sorted { $0.0 > $1.0 }
        }
    }
}
