internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network
internal import Templates

/// Finds the owners of what came in, several at once, and decides by policy who waits, who gets a message and who not.
actor Resolver {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let checker: AdmissionChecker
    private let lookup: OwnerLookup
    private let proofs: RecordProofClient
    private var running: Set<Int64> = []
    /// Read from the ledger but not begun: putting a long queue in order costs too much to do it for each lookup.
    private var backlog: [Job] = []
    private var failure: LedgerError?

    init(
        _ context: DeliveryContext,
        queue: JobQueue,
        checker: AdmissionChecker,
        lookup: OwnerLookup,
        proofs: RecordProofClient
    ) {
        self.context = context
        self.queue = queue
        self.checker = checker
        self.lookup = lookup
        self.proofs = proofs
    }

    /// Runs until its loop is drained; lookups under way then are finished first.
    func run() async throws(LedgerError) {
        await withDiscardingTaskGroup { group in
            do throws(LedgerError) {
                try await context.loops.resolving.run { () async throws(LedgerError) in
                    for job in try await self.begin() { group.addTask { await self.work(on: job) } }
                    return try await self.sleepLength()
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Takes as many requests as may be looked up now.
    private func begin() async throws(LedgerError) -> [Job] {
        if let failure { throw failure }
        let concurrency = context.configuration.lookup.concurrency
        if backlog.isEmpty {
            backlog = try await queue.dueLookups(limit: concurrency * 8, excluding: running, now: context.now)
        }
        let jobs = Array(backlog.prefix(max(0, concurrency - running.count)))
        backlog.removeFirst(jobs.count)
        running.formUnion(jobs.map(\.request))
        return jobs
    }

    private func sleepLength() async throws(LedgerError) -> Duration {
        // Whoever ends a look-up wakes the loop.
        guard running.isEmpty else { return WorkLoop.longestSleep }
        return max(WorkLoop.shortestSleep, (try await queue.nextLookup() ?? .distantFuture) - context.now)
    }

    private func work(on job: Job) async {
        do throws(LedgerError) { try await resolve(job) } catch { failure = error }
        running.remove(job.request)
        context.loops.resolving.wake()
    }

    private func resolve(_ job: Job) async throws(LedgerError) {
        guard let rule = context.rules[job.rule] else {
            return try await store(job, .refused(Refusal(.ruleRemoved, job.rule), .input))
        }
        let reference: ProjectReference
        // Without one it was refused once, and an operator wants it told: the rule may find it now.
        switch job.reference.map(Result.success) ?? rule.reference(in: job.record) {
        case .success(let found): reference = found
        case .failure(let refusal): return try await store(job, .refused(refusal, .input))
        }
        let finding = await lookup.find(reference, rule: rule, isFresh: job.attempts > 0)
        if let failure = finding.failure {
            let verdict = try await escalated(classify(failure.phase, failure.cause), job)
            guard finding.owner != nil, goesOn(job, rule, failure.phase, verdict) else {
                return try await store(job, failed(job, failure, verdict))
            }
            context.reporter.reportUnreadProject(of: job.uri, verdict.reason, failure.cause)
        }
        guard let owner = finding.owner else {
            return try await store(job, .refused(Refusal(.ownerFieldInvalid, job.uri.text), .project))
        }
        var findings = Resolution.Findings(reference: reference, projectName: finding.projectName)
        let admission = try await checker.admission(of: owner, to: job)
        if rule.message.fields.contains(.known(.authorName)), !admission.isRefused {
            findings.authorName = await lookup.name(of: job.author)
        }
        var note: Attempt?
        if admission == .told, context.configuration.lookup.provesBeforeSending {
            switch try await prove(job) {
            case .proven(let record, let proof):
                findings.record = record
                note = proof
            case .resolved(let resolution): return try await store(job, resolution)
            case .replaced: return
            }
        }
        try await store(job, .recipients([owner: admission], findings, note))
    }

    /// What the author's repository says.
    private enum Proof {
        /// It holds the version that the request speaks of; its record, abridged.
        case proven(JSONValue, Attempt)
        /// It does not, or did not say.
        case resolved(Resolution)
        /// Another version took the request's place.
        case replaced
    }

    private func prove(_ job: Job) async throws(LedgerError) -> Proof {
        let proof: RecordProof
        do throws(CallFailure) { proof = try await proofs.prove(job.uri, of: job.author) } catch {
            return .resolved(try await unproven(job, error))
        }
        let judge = EventClassifier(
            rules: context.configuration.rules,
            policy: context.configuration.policy,
            sender: context.sender
        )
        switch ProofResult(job, proof, judge: judge) {
        case .same(let record):
            context.reporter.proven(job.uri, rev: proof.rev)
            return .proven(record, Attempt(.proof, outcome: "proven", detail: "revision \(proof.rev)"))
        case .gone:
            let refusal = Refusal(.recordNotFound, "the repository at \(proof.rev) does not hold it")
            return .resolved(.refused(refusal, .proof))
        case .outdated:
            let failure = RepositoryFailure(
                code: .outdated,
                detail: "the repository stands at \(proof.rev), before the event's \(job.rev)"
            )
            return .resolved(try await unproven(job, .unproven(failure)))
        case .changed(let request):
            let result = try await queue.replace(job, with: request, now: context.now)
            guard !result.added.isEmpty else { return .replaced }
            context.reporter.replacedByProof(job.uri, rev: proof.rev)
            for request in result.added {
                if let refusal = request.refusal { context.reporter.report(Outcome(of: request, refusal)) }
            }
            context.loops.resolving.wake()
            return .replaced
        }
    }

    private func unproven(_ job: Job, _ cause: CallFailure) async throws(LedgerError) -> Resolution {
        let verdict = try await escalated(classify(.proof, cause), job)
        let since = try await queue.proofMissingSince(request: job.request)
        let isGivenUp = since.map { context.now - $0 > context.configuration.lookup.proofPatience } ?? false
        return .failed(verdict, isGivenUp: isGivenUp, Attempt(.proof, cause, verdict))
    }

    private func escalated(_ verdict: Verdict, _ job: Job) async throws(LedgerError) -> Verdict {
        guard let escalation = verdict.escalation, !escalation.isSenderWide else { return verdict }
        let occurrences = try await queue.occurrences(of: verdict.reason, request: job.request, owner: nil)
        return verdict.escalated(occurrences: occurrences + 1)
    }

    // The owner is the authority of the reference: their PDS tells only the project's name, and a message without it is
    // better than none.
    private func goesOn(_ job: Job, _ rule: Rule, _ phase: CallPhase, _ verdict: Verdict) -> Bool {
        guard !rule.requiresProjectRecord else { return false }
        let age = context.now - job.createdAt
        switch verdict.reason {
        case .projectInvalid: return true
        // The DID document was found and the guard said no to its PDS: nobody goes there, and nobody needs to.
        case .hostRefused: return phase == .project
        case .projectUnavailable, .hostPaused, .connectionFailed:
            return age >= context.configuration.lookup.projectPatience
        default: return false
        }
    }

    private func failed(_ job: Job, _ failure: OwnerLookup.Finding.Failure, _ verdict: Verdict) -> Resolution {
        let age = context.now - job.createdAt
        // Only what was tried lately can be given up: an operator may have asked for an old one again.
        let isOutOfReach = job.attempts >= 3 && age > context.configuration.lookup.identityPatience
        let hasMoved =
            verdict.reason == .repositoryNotFound && age > context.configuration.lookup.migrationPatience
        return .failed(
            verdict,
            isGivenUp: verdict.action != .defer && (isOutOfReach || hasMoved),
            Attempt(failure.phase, failure.cause, verdict)
        )
    }

    private func store(_ job: Job, _ resolution: Resolution) async throws(LedgerError) {
        context.reporter.report(try await queue.resolve(job, as: resolution, now: context.now))
        guard case .recipients = resolution else { return }
        context.loops.sending.wake()
        context.loops.keeping.wake()
        context.loops.mentioning.wake()
    }
}
