public import ATProtocol

/// One change of one record, as a repository committed it.
public struct CommittedRecord: Sendable {
    /// What was done to the record.
    public enum Operation: String, Sendable {
        /// It is new.
        case create
        /// It has another value.
        case update
        /// It is gone.
        case delete
    }

    /// Where the record is, or was.
    public let uri: ATURI
    /// Whose repository.
    public let did: DID
    /// What was done.
    public let operation: Operation
    /// The repository's revision.
    public let rev: TID
    /// The record's CID; nil after a deletion.
    public let cid: String?
    /// The record; nil after a deletion.
    public let value: JSONValue?
    /// What a relay needs, with the first change of a commit; nil when the network does not sign commits.
    let evidence: CommitEvidence?
}
