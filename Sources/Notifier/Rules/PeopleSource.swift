public import ATProtocol

/// How a rule finds the collaborators of a project.
///
/// Either a record of the owner names them, or an index does, and a record of their own says the same (invariant 6).
public struct CollaboratorSource: Sendable, Hashable {
    /// A service that knows the collaborators of projects.
    public struct Index: Sendable, Hashable {
        /// The question about a project.
        public let query: ReferenceQuery
        /// The path in its answer to their DIDs.
        public let path: FieldPath
    }

    /// The index that is asked; nil when the owner's records name all collaborators.
    public let index: Index?
    /// The collections in the owner's repository whose records name a person and the project.
    public let grants: [NSID]
    /// The collections in the collaborators' own repositories whose records name the project.
    public let acceptances: [NSID]
    /// The path in a grant to the person's DID.
    public let personPath: FieldPath
    /// How either kind of record refers to the project.
    public let projects: ReferenceReader

    /// The people whom a grant names, if it is about a project with one of these references.
    func persons(in grant: JSONValue, about names: Set<ProjectReference>) -> [DID] {
        guard accepts(grant, names) else { return [] }
        return personPath.values(in: grant).compactMap { $0.string.flatMap { try? DID($0) } }
    }

    /// Whether a person's own record is about a project with one of these references.
    func accepts(_ record: JSONValue, _ names: Set<ProjectReference>) -> Bool {
        projects.names(in: record).contains(where: names.contains)
    }
}

/// How people subscribe by records in their own repositories.
public struct SubscriberSource: Sendable, Hashable {
    /// The collections of such records.
    public let collections: [NSID]
    /// How these records refer to the project, or to the record that they want to hear about.
    public let subjects: ReferenceReader
    /// The path to the only collections that they want to hear about; nil when records cannot say that.
    public let onlyPath: FieldPath?

    /// The subjects of a subscription; empty when it is not acceptable.
    func subjects(of record: JSONValue) -> [ProjectReference] { subjects.names(in: record) }

    /// The only collections that a subscription wants to hear about, at most a hundred; nil for all.
    func wanted(of record: JSONValue) -> [NSID]? {
        let values = (onlyPath?.values(in: record) ?? []).flatMap { $0.array ?? [$0] }.filter { $0 != .null }
        guard !values.isEmpty else { return nil }
        return values.prefix(100).compactMap { $0.string.flatMap { try? NSID($0) } }
    }
}

extension ReferenceReader {
    /// What a record refers to; empty when the reference is not acceptable.
    fileprivate func names(in record: JSONValue) -> [ProjectReference] {
        (try? references(in: record) { _ in nil }.get()) ?? []
    }
}
