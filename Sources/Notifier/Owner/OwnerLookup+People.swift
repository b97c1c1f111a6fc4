internal import ATProtocol
internal import Network
internal import Synchronization

/// Finds the collaborators of a project.
extension OwnerLookup {
    /// The result of a look-up of a project's collaborators.
    struct Collaborators: Sendable {
        /// Those whom a record confirms.
        var found: [(did: DID, record: ATURI, cid: String)] = []
        /// Why others who were named are not collaborators.
        var refused: [Refusal] = []
        /// What could not be asked; there may be more collaborators.
        var failure: LookupError?
    }

    /// The collaborators of a project that was found, up to a limit, without its owner and the request's author.
    ///
    /// Nothing that the request's author wrote decides. When the author is the owner, a record of the collaborator's
    /// own must confirm it (invariant 6).
    func collaborators(
        of finding: Finding,
        by author: DID,
        _ source: CollaboratorSource,
        atMost limit: Int
    ) async -> Collaborators {
        var result = Collaborators()
        guard let owner = finding.owner, let name = finding.names.first else { return result }
        let names = Set(finding.names)
        let (grants, areAll) = await self.grants(of: owner, names, source, into: &result)
        let isGrantsUnknown = result.failure != nil || !areAll
        var claimed = grants.map(\.person)
        if let index = source.index {
            do throws(LookupError) { claimed = try await people(of: owner, name, index) } catch { result.note(error) }
        }
        var seen: Set<DID> = [owner, author]
        for did in claimed where seen.insert(did).inserted {
            guard result.found.count < limit, seen.count <= limit * 2 + 2 else {
                result.refuse(.peopleAboveLimit, "there are \(claimed.count) collaborators")
                break
            }
            let grant = grants.first { $0.person == did }
            if let grant, owner != author {
                result.found.append((did, grant.entry.uri, grant.entry.cid))
                continue
            }
            if source.index != nil || grant != nil,
                let record = await acceptance(of: did, names, source, into: &result)
            {
                result.found.append((did, record.uri, record.cid))
            } else if !isGrantsUnknown, result.failure == nil {
                result.refuse(.collaboratorUnconfirmed, grant == nil ? did.text : "\(did), whom the author alone names")
            }
        }
        return result
    }

    /// The people whom an index names for an owner's project; its answers are remembered for a while.
    private func people(
        of owner: DID,
        _ name: ProjectReference,
        _ index: CollaboratorSource.Index
    ) async throws(LookupError) -> [DID] {
        let (question, now) = ("\(index.query) \(index.path) \(name)", wallClock.now())
        if let known = answers.withLock({ $0.value(of: question, by: owner, at: now) }) { return known }
        do {
            let people = try await self.index.people(of: name, index)
            answers.withLock { $0.store(people, of: question, by: owner, unlessChangedSince: 0, at: now) }
            return people
        } catch { throw LookupError(.index, error) }
    }

    /// The people whom the owner's own records name, in the order of the records, and whether all records were read.
    private func grants(
        of owner: DID,
        _ names: Set<ProjectReference>,
        _ source: CollaboratorSource,
        into result: inout Collaborators
    ) async -> (grants: [(person: DID, entry: RecordList.Entry)], areAll: Bool) {
        var (grants, areAll) = ([(person: DID, entry: RecordList.Entry)](), true)
        for collection in source.grants {
            do throws(LookupError) {
                let home = try await records.home(of: owner, isFresh: false)
                let list = try await records.rememberedRecords(in: collection, at: home)
                for entry in list.records where entry.value["$type"]?.string == collection.text {
                    for person in source.persons(in: entry.value, about: names) where person.isSupported {
                        grants.append((person, entry))
                    }
                }
                guard !list.isComplete else { continue }
                areAll = false
                result.refuse(.peopleAboveLimit, "\(owner) has more records of \(collection) than are read")
            } catch {
                result.note(error)
            }
        }
        return (grants, areAll)
    }

    /// The record in somebody's own repository that names the project; nil when there is none.
    private func acceptance(
        of did: DID,
        _ names: Set<ProjectReference>,
        _ source: CollaboratorSource,
        into result: inout Collaborators
    ) async -> RecordList.Entry? {
        for collection in source.acceptances {
            do throws(LookupError) {
                let home = try await records.home(of: did, isFresh: false)
                let list = try await records.rememberedRecords(in: collection, at: home).records
                let own = list.first { $0.value["$type"]?.string == collection.text && source.accepts($0.value, names) }
                if let own { return own }
            } catch {
                // A repository that no longer exists confirms nothing.
                if !error.verdict.isFinal { result.note(error) }
            }
        }
        return nil
    }
}

extension OwnerLookup.Collaborators {
    /// The most refusals that are kept.
    private static let maximumRefusals = 10

    fileprivate mutating func note(_ failure: LookupError) { self.failure = self.failure ?? failure }

    fileprivate mutating func refuse(_ reason: Reason, _ detail: String) {
        guard refused.count < Self.maximumRefusals else { return }
        refused.append(Refusal(reason, detail))
    }
}
