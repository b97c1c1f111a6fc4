public import ATProtocol

extension Rule {
    /// Whether records of this collection may be this rule's business.
    public func covers(_ collection: NSID) -> Bool {
        collections.contains { $0.matches(collection) } && !exceptions.contains { $0.matches(collection) }
    }

    /// The collections whose records confirm what indexes say, and who works on a project: the stream tells of changes to
    /// them.
    public var confirmingCollections: [CollectionPattern] {
        (isIndexed ? projectCollections : []) + collaboratorCollections
    }

    /// The collections whose records confirm who works on a project.
    var collaboratorCollections: [CollectionPattern] {
        ((collaborators?.grants ?? []) + (collaborators?.acceptances ?? [])).map { CollectionPattern($0) }
    }

    /// The collections whose records say who wants to be told.
    public var subscriberCollections: [CollectionPattern] {
        (subscribers?.collections ?? []).map { CollectionPattern($0) }
    }

    private var isIndexed: Bool {
        guard case .index = owner else { return false }
        return true
    }

    /// Whether a record of a covered collection fulfils every condition.
    public func matches(_ record: JSONValue) -> Bool { conditions.allSatisfy { $0.holds(for: record) } }

    /// What a record refers to, behind so many hops: the project, or what leads to it.
    ///
    /// The first path that holds an acceptable reference counts, with all that it holds; when none does, the refusal is that
    /// of the first value that was found.
    ///
    /// - Returns: at least one reference, or the reason why there is none.
    public func references(in record: JSONValue, behind hops: Int = 0) -> Result<[ProjectReference], Refusal> {
        let reader = hops == 0 ? references : self.hops[hops - 1].references
        return reader.references(in: record) { refusal(of: $0, behind: hops) }
    }

    /// What a reference means, behind so many hops.
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
                return .refused(
                    Refusal(
                        .projectCollectionUnexpected,
                        "\(collection) is a collection of 'hops', and all hops have been taken"
                    )
                )
            }
            return .project(uri)
        }
    }

    /// What a reference turns out to be by itself.
    enum Meaning: Equatable {
        /// A record that refers on, and which of the hops it is.
        case hop(ATURI, Int)
        /// The record of a project.
        case project(ATURI)
        /// An account that is the owner.
        case account(DID)
        /// What the index knows.
        case indexed(OwnerIndex)
        /// Nothing acceptable.
        case refused(Refusal)
    }

    private func refusal(of reference: ProjectReference, behind hops: Int) -> Refusal? {
        guard case .refused(let refusal) = meaning(of: reference, behind: hops) else { return nil }
        return refusal
    }

    /// The references that are looked up, and how many projects are left out.
    ///
    /// Of an owner whom references name themselves a few are kept: the first may lead to what is no more.
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

    /// The owner when a reference alone says so.
    func apparentOwner(of reference: ProjectReference, behind hops: Int = 0) -> DID? {
        switch meaning(of: reference, behind: hops) {
        case .account(let did): did
        case .project(let uri):
            if case .projectRecordField = owner { nil } else { uri.did }
        case .hop, .indexed, .refused: nil
        }
    }
}
