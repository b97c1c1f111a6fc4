public import Crypto
public import Network

/// Whether a record stands in its author's repository, proven by the signed commit and the path to it
/// (com.atproto.sync.getRecord).
public struct RecordProof: Sendable, Equatable {
    /// The revision that the proof speaks of.
    public let rev: TID
    /// The record's identifier; nil when it is proven that there is none.
    public let cid: CID?
    /// The record; nil when there is none.
    public let record: JSONValue?

    /// Checks a proof.
    ///
    /// - Parameters:
    ///   - archive: the answer of `com.atproto.sync.getRecord`: commit, nodes on the path, record.
    ///   - did: whose repository it must be.
    ///   - path: `collection/record-key`.
    ///   - key: the account's signing key.
    ///   - now: the time.
    /// - Throws: ``RepositoryFailure`` naming what is not proven.
    public init(
        _ archive: BlockArchive,
        of did: DID,
        at path: String,
        signedBy key: PublicKey,
        now: UnixTime
    ) throws(RepositoryFailure) {
        guard let block = try archive.block(archive.root) else {
            throw RepositoryFailure(code: .missingBlock, detail: "the proof lacks the commit")
        }
        let commit = try RepositoryCommit(block)
        guard commit.did == did else {
            throw RepositoryFailure(code: .wrongSignature, detail: "the commit is of \(commit.did), not of \(did)")
        }
        try commit.checkRevision(now: now)
        try commit.verify(with: key)
        rev = commit.rev
        cid = try SearchTree(root: commit.data, in: archive).value(of: path)
        guard let cid else {
            record = nil
            return
        }
        guard let block = try archive.block(cid) else {
            throw RepositoryFailure(code: .missingBlock, detail: "the proof lacks the record \(path)")
        }
        do { record = try JSONValue(dagCBOR: unsafe block.span.bytes) } catch { throw RepositoryFailure(error) }
    }
}
