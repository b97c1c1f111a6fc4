internal import ATProtocol
internal import LedgerStorage
internal import Network

/// Finds who is told of a request besides the owner of its project.
struct PeopleFinder: Sendable {
    let lookup: OwnerLookup
    /// Nil when subscriptions are not stored.
    let subscriptions: SubscriptionStore?

    /// Somebody who is told, and why.
    struct Person: Sendable {
        let did: DID
        let project: Resolution.Project
    }

    /// What was found.
    struct Found: Sendable {
        /// In order of precedence, each person once.
        var people: [Person] = []
        /// Why others are not told.
        var refused: [Refusal] = []
        /// What could not be asked; there may be more people.
        var failure: LookupError?
    }

    /// How long strangers' hosts may take.
    private static let longestSearch = Duration.seconds(20)

    /// The collaborators and subscribers of a project, up to a limit, without those who are told already.
    func find(
        beside finding: OwnerLookup.Finding,
        of request: ATURI,
        by author: DID,
        _ rule: Rule,
        atMost limit: Int,
        except known: Set<DID>
    ) async throws(LedgerError) -> Found {
        var found = Found()
        guard let reference = finding.names.last ?? finding.project else { return found }
        var known = known
        func add(_ people: [(did: DID, record: ATURI, version: String)], as role: RecipientRole) {
            for (did, record, version) in people where did != author && known.insert(did).inserted {
                guard found.people.count < limit else {
                    return found.refused.append(Refusal(.peopleAboveLimit, "there are more than \(limit)"))
                }
                let project = Resolution.Project(
                    reference: reference,
                    name: finding.projectName,
                    role: role,
                    confirmedBy: record,
                    confirmedAs: version,
                    thread: finding.thread
                )
                found.people.append(Person(did: did, project: project))
            }
        }
        if let source = rule.collaborators {
            let answer = await Unhurried.answer(within: Self.longestSearch) { [lookup] in
                await lookup.collaborators(of: finding, by: author, source, atMost: limit)
            }
            if let answer {
                (found.refused, found.failure) = (answer.refused, answer.failure)
                add(answer.found.map { ($0.did, $0.record, $0.cid) }, as: .collaborator)
            } else {
                let detail = "the look-up of collaborators took longer than \(Self.longestSearch.wholeSeconds) s"
                found.failure = LookupError(.project, .projectUnavailable, detail)
            }
        }
        if let source = rule.subscribers, let subscriptions, let collection = request.collection {
            let subjects = finding.names + finding.thread.map(ProjectReference.record)
            let subscribers = try await subscriptions.subscribers(
                of: subjects,
                by: source.collections,
                for: collection,
                // The owner and the collaborators may be among them.
                atMost: limit + known.count + 1
            )
            let names = subjects.map(\.description).joined(separator: " ")
            add(subscribers.map { ($0.did, $0.record, names) }, as: .subscriber)
        }
        return found
    }
}
