public import ATProtocol

extension Rule {
    /// Whether the rule reads records of this collection.
    public func covers(_ collection: NSID) -> Bool {
        collections.contains { $0.matches(collection) } && !exceptions.contains { $0.matches(collection) }
    }

    /// The collections whose records confirm claims of indexes or name collaborators; the stream tells of changes to
    /// them.
    public var confirmingCollections: [CollectionPattern] {
        (isIndexed ? projectCollections : []) + collaboratorCollections
    }

    /// The collections whose records name collaborators.
    var collaboratorCollections: [CollectionPattern] {
        ((collaborators?.grants ?? []) + (collaborators?.acceptances ?? [])).map { CollectionPattern($0) }
    }

    /// The collections of subscription records.
    public var subscriberCollections: [CollectionPattern] {
        (subscribers?.collections ?? []).map { CollectionPattern($0) }
    }

    private var isIndexed: Bool {
        guard case .index = owner else { return false }
        return true
    }

    /// Whether a record of a covered collection meets every condition.
    public func matches(_ record: JSONValue) -> Bool { conditions.allSatisfy { $0.holds(for: record) } }

    /// What a record refers to after so many hops: the project, or something that leads to it.
    ///
    /// The first path with an acceptable reference counts, with all of its references. Without one, the refusal is that
    /// of the first value found.
    ///
    /// - Returns: at least one reference, or the reason why there is none.
    public func references(in record: JSONValue, behind hops: Int = 0) -> Result<[ProjectReference], Refusal> {
        let reader = hops == 0 ? references : self.hops[hops - 1].references
        return reader.references(in: record) { refusal(of: $0, behind: hops) }
    }

    /// What a reference means after so many hops.
    func meaning(of reference: ProjectReference, behind hops: Int) -> Meaning {
        switch reference {
        case .account(let did):
            switch owner {
            case .did: return .account(did)
            case .index(let index): return .indexed(index)
            case .authority, .projectRecordField:
                return .refused(
                    Refusal(.referenceWithoutOwner, "\(did) is a DID, and owner_from is neither did nor index")
                )
            }
        case .record(let uri):
            guard let collection = uri.collection else { return .refused(Refusal(.referenceWithoutRecord, uri.text)) }
            func leadsOn(_ hop: Hop) -> Bool { hop.collections.contains { $0.matches(collection) } }
            if let next = self.hops.indices.dropFirst(hops).first(where: { leadsOn(self.hops[$0]) }) {
                return .hop(uri, next)
            }
            if case .index(let index) = owner, index.collections.contains(where: { $0.matches(collection) }) {
                return .indexed(index)
            }
            guard projectCollections.isEmpty || projectCollections.contains(where: { $0.matches(collection) }) else {
                let expected = projectCollections.map(\.text).joined(separator: ", ")
                return .refused(Refusal(.projectCollectionUnexpected, "\(collection); expected \(expected)"))
            }
            guard !projectCollections.isEmpty || !self.hops.contains(where: leadsOn) else {
                let detail = "\(collection) is a collection of 'hops', and all hops have been taken"
                return .refused(Refusal(.projectCollectionUnexpected, detail))
            }
            return .project(uri)
        }
    }

    /// What a reference means by itself.
    enum Meaning: Equatable {
        /// A record that refers to something else, with the number of its hop.
        case hop(ATURI, Int)
        /// The record of a project.
        case project(ATURI)
        /// An account that is the owner.
        case account(DID)
        /// Something that an index knows.
        case indexed(OwnerIndex)
        /// Nothing acceptable.
        case refused(Refusal)
    }

    private func refusal(of reference: ProjectReference, behind hops: Int) -> Refusal? {
        guard case .refused(let refusal) = meaning(of: reference, behind: hops) else { return nil }
        return refusal
    }

    /// The references to look up, and how many projects are left out.
    ///
    /// When several references name the same owner themselves, a few are kept, because the first may lead to a deleted
    /// record.
    func selection(
        of references: [ProjectReference],
        behind hops: Int = 0
    ) -> (references: [ProjectReference], leftOut: Int) {
        var owners: [DID: Int] = [:]
        var (selected, count, leftOut) = ([ProjectReference](), 0, 0)
        for reference in references {
            let owner = apparentOwner(of: reference, behind: hops)
            if let owner, let kept = owners[owner] {
                guard kept < Self.maximumForOwner else { continue }
                owners[owner] = kept + 1
            } else {
                let isKept = count < maximumProjects
                if let owner { owners[owner] = isKept ? 1 : Self.maximumForOwner }
                guard isKept else {
                    leftOut += 1
                    continue
                }
                count += 1
            }
            selected.append(reference)
        }
        return (selected, leftOut)
    }

    private static let maximumForOwner = 3

    /// The owner, if a reference alone says who it is.
    func apparentOwner(of reference: ProjectReference, behind hops: Int = 0) -> DID? {
        switch meaning(of: reference, behind: hops) {
        case .account(let did): did
        case .project(let uri):
            if case .projectRecordField = owner { nil } else { uri.did }
        case .hop, .indexed, .refused: nil
        }
    }
}
