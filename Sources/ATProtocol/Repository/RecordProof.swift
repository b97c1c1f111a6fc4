public import Crypto
public import Network

/// A verified statement that a repository holds a record, or does not hold it (com.atproto.sync.getRecord).
///
/// The proof is the signed commit and the tree nodes on the path to the record.
public struct RecordProof: Sendable, Equatable {
    /// The revision of the commit.
    public let rev: TID
    /// The CID of the record; nil when the proof shows that there is none.
    public let cid: CID?
    /// The record; nil when there is none.
    public let record: JSONValue?

    /// Verifies a proof.
    ///
    /// - Parameters:
    ///   - archive: the response to `com.atproto.sync.getRecord`: commit, nodes on the path, record.
    ///   - did: the account that the repository must belong to.
    ///   - path: `collection/record-key`.
    ///   - key: the account's signing key.
    ///   - now: the current time.
    /// - Throws: ``RepositoryError`` that says what is not proven.
    public init(
        _ archive: CARFile,
        of did: DID,
        at path: String,
        signedBy key: PublicKey,
        now: UnixTime
    ) throws(RepositoryError) {
        guard let block = try archive.block(archive.root) else {
            throw RepositoryError(code: .missingBlock, detail: "the proof lacks the commit")
        }
        let commit = try RepositoryCommit(block)
        guard commit.did == did else {
            throw RepositoryError(code: .wrongSignature, detail: "the commit is of \(commit.did), not of \(did)")
        }
        try commit.checkRevision(now: now)
        try commit.verify(with: key)
        rev = commit.rev
        cid = try MerkleSearchTree(root: commit.data, in: archive).value(of: path)
        guard let cid else {
            record = nil
            return
        }
        guard let block = try archive.block(cid) else {
            throw RepositoryError(code: .missingBlock, detail: "the proof lacks the record \(path)")
        }
        do { record = try JSONValue(dagCBOR: unsafe block.span.bytes) } catch { throw RepositoryError(error) }
    }
}
