public import ATProtocol
public import Network

/// One change request for one recipient, or a change request without a recipient yet, as the ledger has it.
///
/// Its identity is (AT-URI, recipient), never where or how often it was seen (invariant 2).
public struct Job: Sendable, Equatable {
    /// The row of the job; 0 when the request has none.
    var id: Int64
    /// The row of the request.
    var request: Int64
    /// The change request.
    public var uri: ATURI
    /// The recipient, in whatever ``role``; nil while the recipients are being looked up.
    public var owner: DID?
    /// Who wrote the change request.
    public var author: DID
    /// The author's handle, verified in both directions; nil when it is not known.
    public var authorName: String?
    /// The name of the rule that matched.
    public var rule: String
    /// The version of the record, by its CID.
    public var cid: String?
    /// The revision of the repository with this version.
    public var rev: String
    /// What the record refers to; empty when the reference is not acceptable.
    public var references: [ProjectReference]
    /// The owner's project; nil while unknown.
    public var project: ProjectReference?
    /// The record's JSON, abridged, as stored.
    var recordText: String
    /// The project's name; nil when unknown.
    public var projectName: String?
    /// Whether sending was off when it was seen, and no operator has retried it since.
    var isShadow: Bool
    /// Whether an operator wants it sent although the conversation does not show whether it was sent.
    var mayRepeat: Bool
    /// Whether its author's PDS must prove it, because its signing key was not available.
    var awaitsProof: Bool
    /// Since when its look-up has only failed; nil after a success or a new beginning.
    var failingSince: UnixTime?
    /// When the stream saw it, in microseconds since the Unix epoch.
    public var witnessed: Int64
    public var state: JobState
    /// The reason for the state.
    public var reason: Reason?
    /// What was found, in a clause.
    public var detail: String?
    /// Failed tries since its state last changed.
    public var attempts: Int
    /// When it is next looked at.
    public var dueAt: UnixTime
    /// When its wait for the owner ends; nil when it does not wait.
    public var waitUntil: UnixTime?
    /// When it was first seen.
    public var createdAt: UnixTime
    /// When it was last changed.
    public var updatedAt: UnixTime
    /// The recipient's role in the project.
    public var role = RecipientRole.owner
    /// The record that confirms the role; nil for owners.
    public var confirmedBy: ATURI?
    /// The version of that record, by its CID; for a subscription, the subjects of which it must name one,
    /// space-separated.
    var confirmedAs: String?
    /// The records on the way from the request to the project, the nearest first.
    var thread: [ATURI] = []

    /// When its first version was written, as far as known; it was told to nobody earlier.
    ///
    /// The stream may see an update later than the request was first told; a key that is a TID says when it was made.
    var firstWritten: UnixTime {
        let seen = UnixTime(microseconds: witnessed)
        guard let made = uri.recordKey.flatMap({ try? TID($0.text) }) else { return seen }
        return min(seen, UnixTime(microseconds: Int64(clamping: made.microseconds)))
    }

    /// The shape of the record without anybody's text, if it was refused for its shape; nil otherwise.
    public var refusedShape: String? {
        // When it has a reference, another record on the way differs from what was expected, and the detail says which.
        guard let reason, reason.meansDrift, references.isEmpty else { return nil }
        return record.shape
    }

    /// The project; before it is known, what the record refers to; nil without an acceptable reference.
    public var about: String? {
        if let project { return project.description }
        return references.isEmpty ? nil : references.map(\.description).joined(separator: ", ")
    }

    /// The abridged record; parsed from its text each time.
    public var record: JSONValue { (try? JSONValue(parsing: recordText)) ?? .object([:]) }

    /// What a message tells about it; nil while owner or reference are missing.
    public var changeRequest: ChangeRequest? {
        guard let owner, let reference = project ?? references.first else { return nil }
        return ChangeRequest(
            uri: uri,
            author: author,
            authorName: authorName,
            record: record,
            reference: reference,
            rule: rule,
            owner: owner,
            projectName: projectName,
            role: role
        )
    }
}
