public import ATProtocol

/// How a rule determines the owner of a project.
public enum OwnerSource: Sendable, Hashable {
    /// The authority of the reference, whose repository has the project; the usual and safe choice.
    case authority
    /// The DID that is the reference itself.
    case did
    /// A DID at this path in the *project's* record, never in the change request, which a stranger wrote.
    case projectRecordField(FieldPath)
    /// The account whose record confirms an index's claim.
    case index(OwnerIndex)
}

/// A service that knows whose project a reference means, with the field by which the owner's own record confirms it.
///
/// Its answer alone decides nothing (invariant 6): the record that it names is read from its own account's PDS. It is
/// not asked about references that are themselves records of projects, because their authority is the owner.
public struct OwnerIndex: Sendable, Hashable {
    /// The question about a reference.
    public let query: ReferenceQuery
    /// The path in its answer to the AT-URI of the owner's record; several values are several claims.
    public let recordPath: FieldPath
    /// The path in the owner's record to the reference that confirms the claim.
    public let confirmingPath: FieldPath
    /// The collections about whose records it is asked; it is also asked about DIDs.
    public let collections: [CollectionPattern]

    /// Whether an owner's record confirms a reference.
    func isConfirmed(_ reference: ProjectReference, by record: JSONValue) -> Bool {
        confirmingPath.values(in: record).contains(.string(reference.description))
    }
}
