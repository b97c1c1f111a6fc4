internal import ATProtocol
internal import Crypto

/// What a relay tells of a commit: its operations, and enough to prove them.
struct CommitEvidence: Sendable {
    /// One operation, as the relay writes it.
    struct Operation: Sendable {
        /// `collection/key`.
        let path: String
        /// The record; nil after a deletion.
        let record: CID?
        /// The record that was there before.
        let previous: CID?
    }

    let commit: CID
    /// A CAR with the commit, the whole tree and the records.
    let archive: [UInt8]
    let since: TID
    let previousData: CID
    let operations: [Operation]
}

/// A repository with signed commits (atproto.com/specs/repository#commit-objects).
struct SignedRepository: Sendable {
    private let did: DID
    private var key: SigningKey
    private var records: [String: CID] = [:]
    private var data: CID
    private var rev: TID
    /// The newest commit.
    private var head: [UInt8]

    /// An empty one.
    init(_ did: DID, key: SigningKey, rev: TID) throws(SandboxError) {
        self.did = did
        self.key = key
        self.rev = rev
        data = try RepositoryTree([:]).root
        head = try Self.signed(did, data, rev, by: key)
    }

    /// Commits changes of different records together.
    ///
    /// - Parameters:
    ///   - changes: by `collection/key` the record's block; nil deletes.
    ///   - rev: of the commit.
    /// - Returns: the proof.
    /// - Throws: ``SandboxError`` when OpenSSL fails.
    mutating func commit(
        _ changes: [(path: String, block: [UInt8]?)],
        rev: TID
    ) throws(SandboxError) -> CommitEvidence {
        var operations: [CommitEvidence.Operation] = []
        for (path, block) in changes {
            let record = block.map { CID(of: $0) }
            operations.append(CommitEvidence.Operation(path: path, record: record, previous: records[path]))
            records[path] = record
        }
        let tree = try RepositoryTree(records)
        head = try Self.signed(did, tree.root, rev, by: key)
        let commit = CID(of: head)
        let written = changes.compactMap { change in change.block.map { (CID(of: $0), $0) } }
        defer {
            data = tree.root
            self.rev = rev
        }
        return CommitEvidence(
            commit: commit,
            archive: try Self.archive(root: commit, [(commit, head)] + tree.blocks + written),
            since: self.rev,
            previousData: data,
            operations: operations
        )
    }

    /// Signs the newest state anew with another key, which is the account's from now on.
    ///
    /// - Throws: ``SandboxError`` when OpenSSL fails.
    mutating func rotate(to key: SigningKey, rev: TID) throws(SandboxError) {
        self.key = key
        self.rev = rev
        head = try Self.signed(did, data, rev, by: key)
    }

    /// A CAR with the newest commit alone (com.atproto.sync.subscribeRepos#sync).
    func newest() throws(SandboxError) -> [UInt8] {
        let root = CID(of: head)
        return try Self.archive(root: root, [(root, head)])
    }

    /// A CAR that proves what stands at a path: commit, nodes on the way, record (com.atproto.sync.getRecord).
    ///
    /// - Parameters:
    ///   - path: `collection/key`.
    ///   - record: the record's block; nil when there is none.
    /// - Returns: the file.
    /// - Throws: ``SandboxError``.
    func proof(of path: String, _ record: [UInt8]?) throws(SandboxError) -> [UInt8] {
        let root = CID(of: head)
        let nodes = try RepositoryTree(records).path(to: path)
        return try Self.archive(root: root, [(root, head)] + nodes + (record.map { [(CID(of: $0), $0)] } ?? []))
    }

    /// The block of a commit.
    private static func signed(
        _ did: DID,
        _ data: CID,
        _ rev: TID,
        by key: SigningKey
    ) throws(SandboxError) -> [UInt8] {
        var members: [String: JSONValue] = [
            "did": .string(did.text), "version": 3, "rev": .string(rev.text), "prev": .null,
            "data": RepositoryTree.link(data),
        ]
        let unsigned = try RepositoryTree.encoded(.object(members))
        do { members["sig"] = RepositoryTree.bytes(try key.signature(of: unsigned)) } catch {
            throw SandboxError("\(error)")
        }
        return try RepositoryTree.encoded(.object(members))
    }

    /// A CAR of version 1.
    private static func archive(root: CID, _ blocks: [(CID, [UInt8])]) throws(SandboxError) -> [UInt8] {
        let header = try RepositoryTree.encoded(["roots": [RepositoryTree.link(root)], "version": 1])
        return blocks.reduce(section(header)) { $0 + section($1.0.bytes + $1.1) }
    }

    /// The length as LEB128, then the bytes.
    private static func section(_ bytes: [UInt8]) -> [UInt8] {
        var length = bytes.count
        var out: [UInt8] = []
        repeat {
            out.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
            length >>= 7
        } while length > 0
        return out + bytes
    }
}
