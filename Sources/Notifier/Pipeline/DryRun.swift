public import ATProtocol
public import Firehose
public import Network

/// Matches, looks up and composes as the daemon does, without ledger or messages: shows what *would* be sent.
///
/// Without a network it asks nobody, so owners whom the reference does not name itself stay unknown, and so do names.
public struct DryRun: Sendable {
    /// What would become of one event for one owner.
    public struct Outcome: Sendable, Equatable {
        /// The change request.
        public let uri: ATURI
        /// The rule that decides; nil for a deleted request.
        public let rule: String?
        /// What would be done.
        public let end: End
        /// How the owner was found, one clause each.
        public var steps: [String] = []

        /// What would be done.
        public enum End: Sendable, Equatable {
            /// A message to this owner.
            case message(to: DID, ComposedMessage)
            /// A message to the owner of what this refers to; only the network knows them.
            case unresolved(ProjectReference)
            /// No message, for a reason.
            case refused(Refusal)
            /// A queued message would be called off.
            case calledOff
        }
    }

    private var classifier: EventClassifier
    private let composer: Composer
    private let rules: [String: Rule]
    private let policy: AdmissionPolicy
    private let sender: DID?
    private let lookup: OwnerLookup?
    private let subscriptions: SubscriptionStore?
    private let marker = MessageReference(key: [])
    private var seen: Set<ATURI> = []

    /// A dry run of a configuration.
    ///
    /// - Parameters:
    ///   - configuration: gives rules, policy, look-ups and message; nobody is asked about follows.
    ///   - sender: the account that would send; nil for none.
    ///   - network: answers the look-ups; nil to ask nobody.
    ///   - ledger: knows earlier confirmations of an index's claims, and the subscribers; it is not changed.
    public init(
        configuration: NotifierConfiguration,
        sender: DID?,
        network: (identities: any IdentityResolving, http: any HTTPClient)? = nil,
        ledger: Ledger? = nil
    ) {
        var configuration = configuration
        // The requests of a recording are old by now.
        configuration.policy.maximumAge = .seconds(1 << 40)
        policy = AdmissionPolicy(configuration, sender: sender)
        self.sender = sender
        classifier = EventClassifier(configuration, sender: sender)
        composer = Composer(configuration: configuration)
        rules = configuration.rulesByName
        subscriptions = ledger?.subscriptions
        lookup = network.map { network in
            OwnerLookup(
                configuration: configuration.lookup,
                identities: network.identities,
                strangers: GuardedClient(configuration: configuration.lookup, http: network.http, clock: SystemClock()),
                confirmations: PassingConfirmations(beside: ledger?.confirmations),
                wallClock: SystemClock()
            )
        }
    }

    /// What would become of an event, one outcome for each owner.
    ///
    /// Empty when the event does not concern us or was seen before.
    public mutating func take(_ event: StreamEvent) async -> [Outcome] {
        switch classifier.classify(event, now: event.position.witnessedAt) {
        case nil, .authorInactive, .authorBurst, .repositoryReplaced, .subscription, .collaboration: return []
        case .deleted(_, let uri): return [Outcome(uri: uri, rule: nil, end: .calledOff)]
        case .request(let request):
            guard let rule = rules[request.rule] else { return [] }
            let isNew = request.startsJob && seen.insert(request.uri).inserted
            if let refusal = request.refusal, isNew || seen.contains(request.uri) {
                return [Outcome(uri: request.uri, rule: rule.name, end: .refused(refusal))]
            }
            guard isNew else { return [] }
            var outcomes: [Outcome] = []
            if let limit = request.aboveLimit {
                outcomes.append(Outcome(uri: request.uri, rule: rule.name, end: .refused(limit)))
            }
            guard let lookup else {
                return outcomes + request.references.map { outcome(of: request, rule, about: $0) }
            }
            var (told, others) = (Set<DID>(), Set<DID>())
            for finding in await lookup.find(request.references, of: request.uri, rule: rule, isFresh: false) {
                if let owner = finding.owner, told.contains(owner) { continue }
                let name = await lookup.name(of: request.event.did)
                let asked = Asked(request: request, rule: rule, authorName: name, steps: finding.steps)
                var found = [outcome(of: asked, finding)]
                if !rule.tellsOwnersOnly, asked.isFound(finding) {
                    if !rule.recipients.contains(.owner) { found = [] }
                    found += await people(beside: finding, asked, lookup, except: told, &others)
                }
                for case .message(let recipient, _) in found.map(\.end) { told.insert(recipient) }
                outcomes += found
            }
            return outcomes
        }
    }

    /// A record of the network, with its authority as a DID.
    ///
    /// - Throws: ``Refusal`` when it cannot be read.
    public func fetch(_ uri: ATURI) async throws(Refusal) -> (ATURI, JSONValue) {
        guard let lookup else { throw Refusal(.connectionFailed, "nobody is asked") }
        do { return try await lookup.fetch(uri) } catch {
            throw Refusal(error.verdict.reason, "\(error.cause)")
        }
    }

    /// A request to look up, and its rule.
    private struct Asked {
        let request: NewRequest
        let rule: Rule
        var authorName: String?
        var steps: [String] = []

        /// Whether an owner was found, even if the project's record was not.
        func isFound(_ finding: OwnerLookup.Finding) -> Bool {
            guard finding.owner != nil, finding.project != nil else { return false }
            guard let failure = finding.failure else { return true }
            return rule.goesWithoutRecord(failure.phase, failure.verdict, isPatienceOver: true)
        }

        func outcome(_ end: Outcome.End) -> Outcome {
            Outcome(uri: request.uri, rule: rule.name, end: end, steps: steps)
        }
    }

    private func outcome(of request: NewRequest, _ rule: Rule, about reference: ProjectReference) -> Outcome {
        let asked = Asked(request: request, rule: rule)
        guard let owner = rule.apparentOwner(of: reference) else { return asked.outcome(.unresolved(reference)) }
        return outcome(of: asked, OwnerLookup.Finding(project: reference, owner: owner))
    }

    private func outcome(of asked: Asked, _ finding: OwnerLookup.Finding) -> Outcome {
        guard asked.isFound(finding), let owner = finding.owner, let project = finding.project else {
            let failure = finding.failure.map { Refusal($0.verdict.reason, "\($0.cause)") }
            return asked.outcome(.refused(failure ?? Refusal(.ownerFieldInvalid, "")))
        }
        return outcome(of: asked, for: owner, Resolution.Project(reference: project, name: finding.projectName))
    }

    private func people(
        beside finding: OwnerLookup.Finding,
        _ asked: Asked,
        _ lookup: OwnerLookup,
        except told: Set<DID>,
        _ others: inout Set<DID>
    ) async -> [Outcome] {
        let owner = asked.rule.recipients.contains(.owner) ? finding.owner : nil
        let finder = PeopleFinder(lookup: lookup, subscriptions: subscriptions)
        let answer = try? await finder.find(
            beside: finding,
            of: asked.request.uri,
            by: asked.request.event.did,
            asked.rule,
            atMost: asked.rule.maximumPeople - others.count,
            except: told.union(others).union([owner, sender].compactMap(\.self))
        )
        guard let answer else { return [] }
        others.formUnion(answer.people.map(\.did))
        let failure = answer.failure.map { Refusal($0.verdict.reason, "\($0.cause)") }
        return answer.people.map { outcome(of: asked, for: $0.did, $0.project) }
            + (answer.refused + [failure].compactMap(\.self)).map { asked.outcome(.refused($0)) }
    }

    private func outcome(of asked: Asked, for recipient: DID, _ project: Resolution.Project) -> Outcome {
        let request = asked.request
        let admission = policy.admission(
            of: recipient,
            as: project.role,
            to: request.uri,
            by: request.event.did,
            rule: asked.rule.name,
            isShadow: false,
            isSuppressed: false,
            isFollower: true
        )
        if case .refused(let reason) = admission {
            return asked.outcome(.refused(Refusal(reason, recipient.text)))
        }
        let change = ChangeRequest(
            uri: request.uri,
            author: request.event.did,
            authorName: asked.authorName,
            record: request.record,
            reference: project.reference,
            rule: asked.rule.name,
            owner: recipient,
            projectName: project.name,
            role: project.role
        )
        do throws(Refusal) {
            let message = try composer.compose([change], marks: [marker.mark(request.uri)])
            return asked.outcome(.message(to: recipient, message))
        } catch {
            return asked.outcome(.refused(error))
        }
    }
}
