internal import ATProtocol
internal import Crypto
internal import Synchronization

/// The records of all repositories of the PDS, and what is told of every change.
final class RepositoryStore: Sendable {
    struct StoredRecord: Sendable {
        let cid: String
        let value: JSONValue
    }

    /// One change of one record.
    struct Change: Sendable {
        let collection: NSID
        /// Its name; a new TID when nil.
        let key: RecordKey?
        /// The record; nil deletes it.
        let value: JSONValue?
    }

    private struct State {
        var records: [String: StoredRecord] = [:]
        var revisions: [DID: TID] = [:]
        var signed: [DID: SignedRepository] = [:]
    }

    private let state = Mutex(State())
    private let clock: SandboxClock
    private let publish: @Sendable ([CommittedRecord]) -> Void

    /// A store that tells of each commit, with all its changes, in the order in which they were made.
    init(clock: SandboxClock, publish: @escaping @Sendable ([CommittedRecord]) -> Void) {
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
        publish([
            CommittedRecord(
                uri: uri,
                did: did,
                operation: .create,
                rev: rev,
                cid: CID(of: block).text,
                value: value,
                evidence: nil
            )
        ])
        return uri
    }

    private func nextRev() -> TID { TID(microseconds: clock.uniqueMicroseconds(), clock: 7) }

    /// Makes changes of different records in one commit.
    ///
    /// - Throws: ``SandboxError`` when there is nothing to delete or a type is not the collection.
    @discardableResult
    func write(_ did: DID, _ changes: [Change]) throws(SandboxError) -> [CommittedRecord] {
        for change in changes {
            guard let type = change.value.map({ $0["$type"]?.string ?? "nothing" }), type != change.collection.text
            else { continue }
            throw SandboxError("Invalid $type: expected \(change.collection), got \(type)")
        }
        let blocks = try changes.map { change throws(SandboxError) in
            try change.value.map { value throws(SandboxError) in try RepositoryTree.encoded(value) }
        }
        // Published inside the lock: the stream's order is the order of the commits.
        let result = state.withLock { state in
            Result { () throws(SandboxError) in try commit(did, changes, blocks, in: &state) }
        }
        return try result.get()
    }

    private func commit(
        _ did: DID,
        _ changes: [Change],
        _ blocks: [[UInt8]?],
        in state: inout State
    ) throws(SandboxError) -> [CommittedRecord] {
        let names = changes.map { _ in nextRev() }
        guard let rev = names.last else { return [] }
        var places: [(uri: ATURI, path: String)] = []
        for (change, name) in zip(changes, names) {
            let key: RecordKey
            do { key = try change.key ?? RecordKey(name.text) } catch { throw SandboxError("\(error)") }
            let uri = ATURI(did, change.collection, key)
            guard change.value != nil || state.records[uri.text] != nil else {
                throw SandboxError("Could not locate record: \(uri)")
            }
            places.append((uri, "\(change.collection)/\(key.text)"))
        }
        let evidence = try state.signed[did]?.commit(zip(places, blocks).map { ($0.path, $1) }, rev: rev)
        var commits: [CommittedRecord] = []
        for (index, change) in changes.enumerated() {
            let uri = places[index].uri
            let isKnown = state.records[uri.text] != nil
            let cid = blocks[index].map { CID(of: $0).text }
            state.records[uri.text] = change.value.flatMap { value in cid.map { StoredRecord(cid: $0, value: value) } }
            commits.append(
                CommittedRecord(
                    uri: uri,
                    did: did,
                    operation: change.value == nil ? .delete : isKnown ? .update : .create,
                    rev: rev,
                    cid: cid,
                    value: change.value,
                    // A relay tells of the whole commit in one message.
                    evidence: index == 0 ? evidence : nil
                )
            )
        }
        state.revisions[did] = rev
        publish(commits)
        return commits
    }

    func record(_ uri: String) -> StoredRecord? { state.withLock { $0.records[uri] } }

    /// A repository as it is told when it was replaced as a whole.
    ///
    /// - Returns: its revision, a CAR of its newest commit when it is signed, and every record as one that is new.
    /// - Throws: ``SandboxError`` when nothing was ever written.
    func whole(_ did: DID) throws(SandboxError) -> (rev: TID, blocks: [UInt8]?, records: [CommittedRecord]) {
        let (newest, repository, records) = state.withLock { state in
            (state.revisions[did], state.signed[did], state.records.filter { $0.key.hasPrefix("at://\(did)/") })
        }
        guard let rev = newest else { throw SandboxError("\(did) has written nothing") }
        let told = records.sorted { $0.key < $1.key }.compactMap { text, record -> CommittedRecord? in
            guard let uri = try? ATURI(text) else { return nil }
            return CommittedRecord(
                uri: uri,
                did: did,
                operation: .create,
                rev: rev,
                cid: record.cid,
                value: record.value,
                evidence: nil
            )
        }
        return (rev, try repository?.newest(), told)
    }

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
