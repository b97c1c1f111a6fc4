internal import ATProtocol
internal import Logging
internal import Network

/// Finds the owners of what came in, several at once, and decides by policy who waits, who gets a message and who not.
actor Resolver {
    private let configuration: NotifierConfiguration
    private let rules: [String: Rule]
    private let sender: DID
    private let queue: JobQueue
    private let checker: AdmissionChecker
    private let lookup: OwnerLookup
    private let proofs: ProofLookup
    private let reporter: OutcomeReporter
    private let wallClock: any WallClock
    private let clock: any Clock<Duration>
    private let bell: Bell
    private let found: @Sendable () -> Void
    private var running: Set<Int64> = []
    /// Read from the ledger but not begun: putting a long queue in order costs too much to do it for each lookup.
    private var backlog: [Job] = []
    private var failure: LedgerError?
    private var isDraining = false

    /// A resolver that ``wake()`` or a ring of `bell` wakes; `found` is called when there is something to send, or somebody's follow to ask after.
    init(
        configuration: NotifierConfiguration,
        sender: DID,
        ledger: Ledger,
        checker: AdmissionChecker,
        lookup: OwnerLookup,
        proofs: ProofLookup,
        reporter: OutcomeReporter,
        wallClock: any WallClock,
        clock: any Clock<Duration>,
        bell: Bell,
        found: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        self.sender = sender
        queue = ledger.queue(Timetable(configuration))
        self.checker = checker
        self.lookup = lookup
        self.proofs = proofs
        self.reporter = reporter
        self.wallClock = wallClock
        self.clock = clock
        self.bell = bell
        self.found = found
        rules = Dictionary(configuration.rules.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Runs until ``drain()``; lookups under way then are finished first.
    func run() async throws(LedgerError) {
        await withDiscardingTaskGroup { group in
            while !isDraining, failure == nil {
                let now = wallClock.now()
                do throws(LedgerError) {
                    if backlog.isEmpty {
                        let limit = configuration.lookup.concurrency * 8
                        backlog = try await queue.dueLookups(limit: limit, excluding: running, now: now)
                    }
                    while running.count < configuration.lookup.concurrency, let job = backlog.first {
                        backlog.removeFirst()
                        running.insert(job.request)
                        group.addTask { await self.work(on: job) }
                    }
                    let due = try await queue.nextLookup() ?? .infinity
                    let wait = running.isEmpty ? max(0.05, due - now) : ChatSender.longestSleep
                    if !isDraining { await bell.wait(atMost: .seconds(min(wait, ChatSender.longestSleep)), on: clock) }
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    /// Ends ``run()`` after the lookups under way.
    func drain() {
        isDraining = true
        bell.ring()
    }

    /// There is something to look up.
    nonisolated func wake() { bell.ring() }

    private func work(on job: Job) async {
        do throws(LedgerError) { try await resolve(job) } catch { failure = error }
        running.remove(job.request)
        bell.ring()
    }

    private func resolve(_ job: Job) async throws(LedgerError) {
        guard let rule = rules[job.rule], let reference = job.reference else {
            return try await store(job, .refused(Refusal(.ruleRemoved, job.rule), .input))
        }
        let finding = await lookup.find(reference, rule: rule, isFresh: job.attempts > 0)
        if let failure = finding.failure {
            let verdict = try await escalated(classify(failure.phase, failure.cause), job)
            guard finding.owner != nil, goesOn(job, rule, failure.phase, verdict) else {
                return try await store(job, failed(job, failure, verdict))
            }
            reporter.reportUnreadProject(of: job.uri, verdict.reason, failure.cause)
        }
        guard let owner = finding.owner else {
            return try await store(job, .refused(Refusal(.ownerFieldInvalid, job.uri.text), .project))
        }
        var findings = Resolution.Findings(projectName: finding.projectName)
        let admission = try await checker.admission(of: owner, to: job)
        if rule.message.fields.contains(.known(.authorName)), !admission.isRefused {
            findings.authorName = await lookup.name(of: job.author)
        }
        var note: Attempt?
        if admission == .told, configuration.lookup.provesBeforeSending {
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
        let judge = RequestJudge(rules: configuration.rules, policy: configuration.policy, sender: sender)
        switch ProofComparison(job, proof, judge: judge) {
        case .same(let record):
            reporter.proven(job.uri, rev: proof.rev)
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
            let result = try await queue.replace(job, with: request, now: wallClock.now())
            guard !result.added.isEmpty else { return .replaced }
            reporter.replacedByProof(job.uri, rev: proof.rev)
            for added in result.added where added.reason != nil { reporter.report(Outcome(added)) }
            bell.ring()
            return .replaced
        }
    }

    private func unproven(_ job: Job, _ cause: CallFailure) async throws(LedgerError) -> Resolution {
        let verdict = try await escalated(classify(.proof, cause), job)
        let now = wallClock.now()
        let since = try await queue.proofMissingSince(request: job.request) ?? now
        let isGivenUp = now - since > configuration.lookup.proofPatience.inSeconds
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
        let age = wallClock.now() - job.createdAt
        switch verdict.reason {
        case .projectInvalid: return true
        // The DID document was found and the guard said no to its PDS: nobody goes there, and nobody needs to.
        case .hostRefused: return phase == .project
        case .projectUnavailable, .hostPaused, .connectionFailed:
            return age >= configuration.lookup.projectPatience.inSeconds
        default: return false
        }
    }

    private func failed(_ job: Job, _ failure: OwnerLookup.Finding.Failure, _ verdict: Verdict) -> Resolution {
        let age = wallClock.now() - job.createdAt
        // Only what was tried lately can be given up: an operator may have asked for an old one again.
        let isOutOfReach = job.attempts >= 3 && age > configuration.lookup.identityPatience.inSeconds
        let hasMoved = verdict.reason == .repositoryNotFound && age > configuration.lookup.migrationPatience.inSeconds
        return .failed(
            verdict,
            isGivenUp: verdict.action != .defer && (isOutOfReach || hasMoved),
            Attempt(failure.phase, failure.cause, verdict)
        )
    }

    private func store(_ job: Job, _ resolution: Resolution) async throws(LedgerError) {
        reporter.report(try await queue.resolve(job, as: resolution, now: wallClock.now()))
        if case .recipients = resolution { found() }
    }
}
