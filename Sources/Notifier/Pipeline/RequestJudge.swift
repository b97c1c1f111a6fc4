internal import ATProtocol
internal import LedgerStorage
internal import Network
internal import Templates

/// Looks up whom a request concerns, and says by the policy who is told, or why nobody is told now.
struct RequestJudge: Sendable {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let checker: AdmissionChecker
    private let lookup: OwnerLookup
    private let people: PeopleFinder
    private let prover: RequestProver

    init(
        _ context: DeliveryContext,
        queue: JobQueue,
        checker: AdmissionChecker,
        lookup: OwnerLookup,
        proofs: RecordProofClient,
        subscriptions: SubscriptionStore
    ) {
        self.context = context
        self.queue = queue
        self.checker = checker
        self.lookup = lookup
        people = PeopleFinder(lookup: lookup, subscriptions: subscriptions)
        prover = RequestProver(context: context, queue: queue, proofs: proofs)
    }

    /// Nil when the request was replaced by a newer version.
    func resolution(of job: Job) async throws(LedgerError) -> Resolution? {
        guard let rule = context.rules[job.rule] else { return .refused(Refusal(.ruleRemoved, job.rule), .input) }
        var references = job.references
        // It was refused without a reference, and an operator retries it: the present rule may find one.
        if references.isEmpty {
            switch rule.references(in: job.record) {
            case .success(let found): references = rule.selection(of: found).references
            case .failure(let refusal): return .refused(refusal, .input)
            }
        }
        let found = await find(references, job, rule)
        var owners = Owners()
        for finding in found { try await judge(finding, among: found.count, job, rule, &owners) }
        if !rule.tellsOwnersOnly, owners.waiting == nil { try await addPeople(job, rule, &owners) }
        // While one of several projects may still be found nobody is told, so that all are looked up and told together.
        if let waiting = owners.waiting { return waiting }
        guard !owners.admissions.isEmpty else {
            let reason: Reason = owners.owned.isEmpty ? .ownerFieldInvalid : .nobodyToTell
            return owners.refused.first ?? .refused(Refusal(reason, job.uri.text), .project)
        }
        var findings = Resolution.Findings(references: references, projects: owners.projects, notes: owners.notes)
        if rule.message.fields.contains(.known(.authorName)), !owners.admissions.values.allSatisfy(\.isRefused) {
            findings.authorName = await lookup.name(of: job.author)
        }
        var note: Attempt?
        let isProofWanted = context.configuration.lookup.provesBeforeSending || job.awaitsProof
        // People who are mentioned in public are told, too.
        let mentioned = try await isProofWanted ? queue.mentioned(of: context.configuration.mentions.owners) : []
        let isTold = owners.admissions.contains { owner, admission in
            admission == .told || !admission.isRefused && mentioned.contains(owner)
        }
        if isProofWanted, isTold {
            switch try await prover.prove(job) {
            case .proven(let record, let proof):
                findings.record = record
                note = proof
            case .resolved(let resolution): return resolution
            case .replaced: return nil
            }
        }
        return .recipients(owners.admissions, findings, note)
    }

    /// The owners of what a request refers to; strangers' hosts have half a minute in all.
    private func find(_ references: [ProjectReference], _ job: Job, _ rule: Rule) async -> [OwnerLookup.Finding] {
        let found = await Unhurried.answer(within: OwnerLookup.longestLookup) { [lookup] in
            // A request that is looked up again has a reason, and what is remembered may be it.
            await lookup.find(references, of: job.uri, rule: rule, isFresh: job.attempts > 0 || job.reason != nil)
        }
        return found ?? [OwnerLookup.Finding(failure: OwnerLookup.tookTooLong(OwnerLookup.longestLookup))]
    }

    /// What is known of all owners that a request's references lead to, and of the other recipients.
    private struct Owners {
        /// The finding for each owner.
        var owned: [OwnerLookup.Finding] = []
        var admissions: [DID: Admission] = [:]
        var projects: [DID: Resolution.Project] = [:]
        /// What must be looked up again before anybody is told.
        var waiting: Resolution?
        /// The projects whose owners are not told, each with its reason.
        var refused: [Resolution] = []
        /// How owners were found who are not simply a reference's authority, and why others are not told.
        var found: [Attempt] = []

        var notes: [Attempt] {
            found
                + refused.compactMap { refusal in
                    switch refusal {
                    case .refused(let refusal, let phase): Attempt(phase, refusal)
                    case .failed(_, _, let note): note
                    case .recipients: nil
                    }
                }
        }
    }

    private func judge(
        _ finding: OwnerLookup.Finding,
        among count: Int,
        _ job: Job,
        _ rule: Rule,
        _ owners: inout Owners
    ) async throws(LedgerError) {
        if let failure = finding.failure {
            let verdict = try await queue.escalated(failure.verdict, request: job.request, owner: nil)
            let isPatienceOver = isPatienceOver(with: job)
            guard finding.owner != nil,
                rule.goesWithoutRecord(failure.phase, verdict, isPatienceOver: isPatienceOver)
            else {
                let isGivenUp = try await isGivenUp(job, verdict)
                let resolution = Resolution.failed(
                    verdict,
                    isGivenUp: isGivenUp,
                    Attempt(failure.phase, failure.cause, verdict)
                )
                // An account that may come back in a month does not make the others wait.
                if isGivenUp || verdict.isFinal || verdict.action == .defer && count > 1 {
                    owners.refused.append(resolution)
                } else if owners.waiting == nil {
                    owners.waiting = resolution
                }
                return
            }
            context.reporter.reportUnreadProject(of: job.uri, verdict.reason, failure.cause)
        }
        guard let owner = finding.owner, let project = finding.project else {
            return owners.refused.append(.refused(Refusal(.ownerFieldInvalid, job.uri.text), .project))
        }
        guard !owners.owned.contains(where: { $0.owner == owner }) else { return }
        owners.owned.append(finding)
        if rule.recipients.contains(.owner) {
            owners.admissions[owner] = try await checker.admission(of: owner, to: job, about: project)
            let thread = finding.thread
            owners.projects[owner] = Resolution.Project(reference: project, name: finding.projectName, thread: thread)
        }
        // Steps beyond the simple case are kept for the history.
        if finding.steps.count > 1 {
            let story = finding.steps.joined(separator: "; ")
            owners.found.append(Attempt(.project, outcome: "owner found", detail: String(story.prefix(600))))
        }
    }

    /// Whether a project was asked for so long that its owner is told without what is missing.
    private func isPatienceOver(with job: Job) -> Bool {
        let age = job.failingSince.map { context.now - $0 } ?? .zero
        return age >= context.configuration.lookup.projectPatience
    }

    /// Adds the recipients other than owners; if they cannot be found now, all recipients wait a while.
    private func addPeople(_ job: Job, _ rule: Rule, _ owners: inout Owners) async throws(LedgerError) {
        var people: [PeopleFinder.Person] = []
        for finding in owners.owned {
            let found = try await self.people.find(
                beside: finding,
                of: job.uri,
                by: job.author,
                rule,
                atMost: rule.maximumPeople - people.count,
                except: Set(owners.admissions.keys).union(people.map(\.did)).union([context.sender])
            )
            people += found.people
            owners.found += found.refused.map { Attempt(.project, $0) }
            guard let failure = found.failure else { continue }
            let verdict = failure.verdict
            let note = Attempt(failure.phase, failure.cause, verdict)
            guard verdict.isFinal || verdict.action == .defer || isPatienceOver(with: job) else {
                return owners.waiting = .failed(verdict, isGivenUp: false, note)
            }
            owners.found.append(note)
        }
        // All at once, so that questions about follows are combined into one.
        typealias Judged = (person: PeopleFinder.Person, result: Result<Admission, LedgerError>)
        let judged: [Judged] = await withTaskGroup(of: Judged.self) { group in
            for person in people {
                group.addTask { [checker] in
                    do throws(LedgerError) {
                        let (role, project) = (person.project.role, person.project.reference)
                        let admission = try await checker.admission(of: person.did, as: role, to: job, about: project)
                        return (person, .success(admission))
                    } catch {
                        return (person, .failure(error))
                    }
                }
            }
            var judged: [Judged] = []
            for await one in group { judged.append(one) }
            return judged
        }
        for (person, result) in judged {
            owners.admissions[person.did] = try result.get()
            owners.projects[person.did] = person.project
        }
    }

    private func isGivenUp(_ job: Job, _ verdict: Verdict) async throws(LedgerError) -> Bool {
        let configuration = context.configuration.lookup
        var (patience, since) = (configuration.identityPatience, job.failingSince)
        switch verdict.reason {
        case .repositoryNotFound: patience = configuration.migrationPatience
        case .indexUnknown, .ownerUnconfirmed:
            patience = configuration.indexPatience
            // An index that was down lags when it comes back, so the time begins with its first answer.
            since = try await queue.failing(for: [.indexUnknown, .ownerUnconfirmed], job)
        default: break
        }
        // A clock that was set, or a machine that slept, makes a few tries look like a long time.
        guard verdict.action != .defer, job.attempts >= 3 else { return false }
        return job.hasLasted(since: since, longerThan: patience, agreedNow: context.agreedNow)
    }
}

extension Rule {
    /// Whether the owner is told although the project's record was not read.
    ///
    /// The owner is the authority of the reference, so their PDS adds only the project's name, and a message without
    /// the name is better than none.
    func goesWithoutRecord(_ phase: CallPhase, _ verdict: Verdict, isPatienceOver: Bool) -> Bool {
        guard !requiresProjectRecord else { return false }
        return switch verdict.reason {
        case .projectInvalid: true
        // The DID document was found, but the guard forbids its PDS, which nobody needs here.
        case .hostRefused: phase == .project
        case .projectUnavailable, .hostPaused, .connectionFailed: isPatienceOver
        default: false
        }
    }
}
