public import ATProtocol

/// Who is the owner of a project.
public enum OwnerSource: Sendable, Hashable {
    /// The authority of the reference, whose repository holds the project. The usual and safe choice.
    case authority
    /// The DID that the reference itself is.
    case did
    /// A DID at this path in the *project's* record; never in the change request, which a stranger wrote.
    case projectRecordField(FieldPath)
    /// Whose record confirms what an index says.
    case index(OwnerIndex)
}

/// A service that knows whose project a reference means, and the field by which the owner's own record must confirm it.
///
/// Its answer alone decides nothing (invariant 6): the record that it names is read from its own account's PDS. What is a
/// project's record by itself is not asked for: its authority owns it.
public struct OwnerIndex: Sendable, Hashable {
    /// What is asked about a reference.
    public let query: ReferenceQuery
    /// Where in its answer the AT-URI of the owner's record stands; several are several claims.
    public let recordPath: FieldPath
    /// Where in the owner's record the reference stands again.
    public let confirmingPath: FieldPath
    /// It is asked about DIDs, and about AT-URIs of these collections.
    public let collections: [CollectionPattern]

    /// Whether an owner's record says a reference.
    func isConfirmed(_ reference: ProjectReference, by record: JSONValue) -> Bool {
        confirmingPath.values(in: record).contains(.string(reference.description))
    }
}
