public import ATProtocol

/// Who works on a project beside its owner, as the rule finds them.
///
/// A record of the owner's own names them, or an index does and a record of their own says the same (invariant 6).
public struct CollaboratorSource: Sendable, Hashable {
    /// A service that knows who works on a project.
    public struct Index: Sendable, Hashable {
        /// What is asked about the project.
        public let query: ReferenceQuery
        /// Where in its answer their DIDs stand.
        public let path: FieldPath
    }

    /// Who is asked; nil when the owner's records name them all.
    public let index: Index?
    /// The collections of the owner's repository whose records name a person and the project.
    public let grants: [NSID]
    /// The collections of their own repositories whose records name the project.
    public let acceptances: [NSID]
    /// Where in a grant the person's DID stands.
    public let personPath: FieldPath
    /// Where in either kind of record the project stands.
    public let projects: ReferenceReader

    /// The persons whom a grant names, when it is about a project of these names.
    func persons(in grant: JSONValue, about names: Set<ProjectReference>) -> [DID] {
        guard accepts(grant, names) else { return [] }
        return personPath.values(in: grant).compactMap { $0.string.flatMap { try? DID($0) } }
    }

    /// Whether a record of somebody's own is about a project of these names.
    func accepts(_ record: JSONValue, _ names: Set<ProjectReference>) -> Bool {
        projects.names(in: record).contains(where: names.contains)
    }
}

/// How people say in their own repositories that they want to be told.
public struct SubscriberSource: Sendable, Hashable {
    /// The collections of such records.
    public let collections: [NSID]
    /// Where in them the project stands, or the record of which they want to hear.
    public let subjects: ReferenceReader
    /// Where the collections stand of which alone they want to hear; nil when they cannot say that.
    public let onlyPath: FieldPath?

    /// What a subscription is to, when it is acceptable.
    func subjects(of record: JSONValue) -> [ProjectReference] { subjects.names(in: record) }

    /// The collections of which alone a subscription asks to hear, a hundred at most; nil for all.
    func wanted(of record: JSONValue) -> [NSID]? {
        let values = (onlyPath?.values(in: record) ?? []).flatMap { $0.array ?? [$0] }.filter { $0 != .null }
        guard !values.isEmpty else { return nil }
        return values.prefix(100).compactMap { $0.string.flatMap { try? NSID($0) } }
    }
}

extension ReferenceReader {
    /// What a record refers to; empty when that is not acceptable.
    fileprivate func names(in record: JSONValue) -> [ProjectReference] {
        (try? references(in: record) { _ in nil }.get()) ?? []
    }
}
