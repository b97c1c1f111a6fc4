internal import ATProtocol
internal import Logging
internal import Network

/// Finds the owners of what came in, several at once, and decides by policy who waits, who gets a message and who not.
actor Resolver {
    private let configuration: NotifierConfiguration
    private let rules: [String: Rule]
    private let sender: DID
    private let ledger: Ledger
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
        self.ledger = ledger
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
                        backlog = try await ledger.dueLookups(limit: limit, excluding: running, now: now)
                    }
                    while running.count < configuration.lookup.concurrency, let job = backlog.first {
                        backlog.removeFirst()
                        running.insert(job.id)
                        group.addTask { await self.work(on: job) }
                    }
                    let due = try await ledger.nextLookup() ?? .infinity
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
        running.remove(job.id)
        bell.ring()
    }

    private func resolve(_ job: Job) async throws(LedgerError) {
        guard let rule = rules[job.rule], let reference = job.reference else {
            return try await store(job, drop(Refusal(.ruleRemoved, job.rule), .input))
        }
        var resolution: Resolution
        if let owner = job.owner {
            // Only the proof was missing: the owner is known, and follows the sender if they must.
            resolution = try await admit(job, owner, isFollower: true)
            resolution.owner = owner
        } else {
            let finding = await lookup.find(reference, rule: rule, isFresh: job.attempts > 0)
            resolution = try await judge(job, rule, finding)
            resolution.projectName = finding.projectName
            if resolution.state == .queued || resolution.state == .deferred {
                resolution.owner = finding.owner
                if rule.message.fields.contains(.known(.authorName)) {
                    resolution.authorName = await lookup.name(of: job.author)
                }
            }
        }
        if resolution.state == .queued, configuration.lookup.provesBeforeSending {
            guard let proven = try await prove(job, resolution) else { return }
            resolution = proven
        }
        try await store(job, resolution)
    }

    /// What a lookup means when the author's repository was asked too; nil when another version took the job's place.
    private func prove(_ job: Job, _ resolution: Resolution) async throws(LedgerError) -> Resolution? {
        var resolution = resolution
        let now = wallClock.now()
        let proof: RecordProof
        do throws(CallFailure) { proof = try await proofs.prove(job.uri, of: job.author) } catch {
            return try await unproven(job, resolution, error)
        }
        let judge = RequestJudge(rules: configuration.rules, policy: configuration.policy, sender: sender)
        switch ProofComparison(job, proof, judge: judge) {
        case .same(let record):
            resolution.record = record
            resolution.note = AttemptNote(.proof, outcome: "proven")
            resolution.note?.detail = "revision \(proof.rev)"
            reporter.proven(job.uri, rev: proof.rev)
            return resolution
        case .gone:
            return drop(Refusal(.recordNotFound, "the repository at \(proof.rev) does not hold it"), .proof)
        case .outdated:
            let failure = RepositoryFailure(
                code: .outdated,
                detail: "the repository stands at \(proof.rev), before the event's \(job.rev)"
            )
            return try await unproven(job, resolution, .unproven(failure))
        case .changed(let request):
            guard let result = try await ledger.replace(job, with: request, now: now) else { return nil }
            reporter.replacedByProof(job.uri, rev: proof.rev)
            for added in result.added where added.reason != nil { reporter.report(Outcome(added)) }
            bell.ring()
            return nil
        }
    }

    private func unproven(
        _ job: Job,
        _ resolution: Resolution,
        _ cause: CallFailure
    ) async throws(LedgerError) -> Resolution {
        let failure = OwnerLookup.Finding.Failure(phase: .proof, cause: cause)
        var failed = failed(job, failure, try await escalated(classify(.proof, cause), job))
        guard !failed.state.isFinal else { return failed }
        let since = try await ledger.proofMissingSince(job: job.id) ?? wallClock.now()
        if wallClock.now() - since > configuration.lookup.proofPatience.inSeconds {
            failed.state = .dropped
            failed.note?.nextAt = nil
        }
        failed.owner = resolution.owner
        failed.projectName = resolution.projectName
        failed.authorName = resolution.authorName
        return failed
    }

    private func judge(
        _ job: Job,
        _ rule: Rule,
        _ finding: OwnerLookup.Finding
    ) async throws(LedgerError) -> Resolution {
        if let failure = finding.failure {
            let verdict = try await escalated(classify(failure.phase, failure.cause), job)
            guard finding.owner != nil, goesOn(job, rule, failure.phase, verdict) else {
                return failed(job, failure, verdict)
            }
            reporter.reportUnreadProject(of: job.uri, verdict.reason, failure.cause)
        }
        guard let owner = finding.owner else { return drop(Refusal(.ownerFieldInvalid, job.uri.text), .project) }
        return try await admit(job, owner)
    }

    private func escalated(_ verdict: Verdict, _ job: Job) async throws(LedgerError) -> Verdict {
        guard let escalation = verdict.escalation, !escalation.isSenderWide else { return verdict }
        return verdict.escalated(occurrences: try await ledger.occurrences(of: verdict.reason, job: job.id) + 1)
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
        let now = wallClock.now()
        var note = AttemptNote(failure.phase, failure.cause, verdict)
        var resolution = Resolution(
            state: .lookup,
            reason: verdict.reason,
            detail: note.detail,
            dueAt: now,
            note: nil
        )
        let configured = configuration.lookup
        let backoff = min(
            configured.maximumWait.inSeconds,
            configured.firstWait.inSeconds * Double(1 << min(job.attempts, 20))
        )
        switch verdict.action {
        case .drop, .skip: resolution.state = .dropped
        case .defer:
            resolution.state = .deferred
            resolution.dueAt = now + configured.maximumWait.inSeconds
            resolution.waitUntil = now + configuration.policy.waitExpiry.inSeconds
        case .retry, .refresh, .verify, .pause:
            resolution.dueAt = now + (verdict.wait?.inSeconds ?? backoff)
            // Only what was tried lately can be given up: an operator may have asked for an old one again.
            let isOutOfReach = failure.phase != .proof && job.attempts >= 3
            if isOutOfReach, now - job.createdAt > configured.identityPatience.inSeconds {
                resolution.state = .dropped
            }
            if verdict.reason == .repositoryNotFound, now - job.createdAt > configured.migrationPatience.inSeconds {
                resolution.state = .dropped
            }
        }
        note.nextAt = resolution.state.isFinal ? nil : resolution.dueAt
        resolution.note = note
        return resolution
    }

    /// The owner is known: the lists and the recipients' consent decide.
    private func admit(_ job: Job, _ owner: DID, isFollower: Bool = false) async throws(LedgerError) -> Resolution {
        let now = wallClock.now()
        let policy = configuration.policy
        if owner == job.author { return drop(Refusal(.authorIsOwner, owner.text), .input) }
        if owner == sender { return drop(Refusal(.ownerIsSender, owner.text), .input) }
        if try await ledger.isSuppressed(owner) { return drop(Refusal(.ownerSuppressed, owner.text), .input) }
        switch policy.recipients {
        case .allowlist where !policy.allowlist.contains(owner):
            return drop(Refusal(.ownerNotAllowed, owner.text), .input)
        case .followers where !isFollower:
            return Resolution(
                state: .deferred,
                reason: .relationshipUnknown,
                dueAt: now,
                waitUntil: now + policy.waitExpiry.inSeconds
            )
        case .followers, .allowlist, .anyone:
            return Resolution(state: .queued, dueAt: now)
        }
    }

    private func drop(_ refusal: Refusal, _ phase: CallPhase) -> Resolution {
        var note = AttemptNote(phase, outcome: Verdict.Action.drop.rawValue)
        note.reason = refusal.reason
        note.detail = refusal.detail
        return Resolution(
            state: .dropped,
            reason: refusal.reason,
            detail: refusal.detail,
            dueAt: wallClock.now(),
            note: note
        )
    }

    private func store(_ job: Job, _ resolution: Resolution) async throws(LedgerError) {
        let now = wallClock.now()
        guard try await ledger.resolve(job, as: resolution, now: now) else { return }
        switch resolution.state {
        case .queued: found()
        case .deferred where resolution.reason == .relationshipUnknown: found()
        default:
            reporter.report(
                Outcome(
                    uri: job.uri,
                    owner: resolution.owner,
                    rule: job.rule,
                    state: resolution.state,
                    reason: resolution.reason,
                    detail: resolution.detail,
                    latency: 0,
                    nextIn: resolution.state.isFinal ? nil : resolution.dueAt - now
                )
            )
        }
    }
}
