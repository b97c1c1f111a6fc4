public import ATProtocol
public import Network

/// One change request and one owner, or a change request that has no owner yet, as the ledger shows it.
///
/// Named by (AT-URI, owner), never by where or how often it was seen (invariant 2).
public struct Job: Sendable, Equatable {
    /// The row of the job; 0 when the request has none.
    var id: Int64
    /// The row of the request.
    var request: Int64
    /// The change request.
    public var uri: ATURI
    /// The owner; nil while they are being looked up.
    public var owner: DID?
    /// Who wrote the change request.
    public var author: DID
    /// The author's handle, verified in both directions; nil when it is not known.
    public var authorName: String?
    /// The name of the rule that matched.
    public var rule: String
    /// Which version of the record it speaks of.
    public var cid: String?
    /// The repository's revision that brought this version.
    public var rev: String
    /// What the record refers to; empty when that is not acceptable.
    public var references: [ProjectReference]
    /// The project whose owner this is; nil while it is not known.
    public var project: ProjectReference?
    /// The record, abridged, as it is stored.
    var recordText: String
    /// The project's name; nil when it is not known.
    public var projectName: String?
    /// Whether sending was off when it was seen, and no operator has asked for it since.
    var isShadow: Bool
    /// Whether an operator wants it told though nobody can say whether it was.
    var mayRepeat: Bool
    /// Whether its author's PDS has to prove it, because the key that signed it could not be had.
    var awaitsProof: Bool
    /// Since when its look-up fails without a success or a new beginning between; nil when it does not.
    var failingSince: UnixTime?
    /// When the stream saw it, in microseconds since the Unix epoch.
    public var witnessed: Int64
    /// Where it stands.
    public var state: JobState
    /// Why it stands there.
    public var reason: Reason?
    /// What was found, in a clause.
    public var detail: String?
    /// Failed tries since the last change of state.
    public var attempts: Int
    /// When it is looked at next.
    public var dueAt: UnixTime
    /// When waiting for the owner ends; nil when it does not wait for them.
    public var waitUntil: UnixTime?
    /// When it was first seen.
    public var createdAt: UnixTime
    /// When it was last changed.
    public var updatedAt: UnixTime
    /// What its recipient is to the project.
    public var role = RecipientRole.owner
    /// The record that says so; nil of owners.
    public var confirmedBy: ATURI?
    /// In which version it does, by its CID; of a subscription, to which of these it must be, with spaces between.
    var confirmedAs: String?
    /// The records on the way from the request to the project, the nearest first.
    var thread: [ATURI] = []

    /// When its first version was written, as far as that can be known: earlier it was told to nobody.
    ///
    /// An update is seen later than it may have been told; a key that is a TID says when it was made.
    var firstWritten: UnixTime {
        let seen = UnixTime(microseconds: witnessed)
        guard let made = uri.recordKey.flatMap({ try? TID($0.text) }) else { return seen }
        return min(seen, UnixTime(microseconds: Int64(clamping: made.microseconds)))
    }

    /// What is in the record, without anybody's text, when it was refused for that; nil otherwise.
    public var refusedShape: String? {
        // With a reference, a record behind it is otherwise than expected: the detail says which.
        guard let reason, reason.meansDrift, references.isEmpty else { return nil }
        return record.shape
    }

    /// The project, or what the record refers to while that is not known; nil when there is no acceptable reference.
    public var about: String? {
        if let project { return project.description }
        return references.isEmpty ? nil : references.map(\.description).joined(separator: ", ")
    }

    /// The record, abridged; read from its text each time.
    public var record: JSONValue { (try? JSONValue(parsing: recordText)) ?? .object([:]) }

    /// What a message says about it; nil while owner or reference are missing.
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
