internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network
internal import Templates

/// Mentions owners in public who take no direct messages and have agreed to mentions, one post at a time.
///
/// A post has a key that belongs to its request, and is written only if there is no such record (`swapRecord: null`).
/// So repeating it after a doubt or a crash creates no second post.
actor MentionPoster {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let session: any AccountSession
    private let marker: MessageReference
    private let name: @Sendable (DID) async -> String?
    private var breaker: SendBreaker
    private let limits: LimitMemory
    private var failures = 0
    private var nextTryAt = UnixTime.distantPast

    /// How long to wait before looking whether an operator has helped.
    private static let pause = Duration.seconds(3600)
    private static let method = NSID(known: "com.atproto.repo.putRecord")
    private static let collection = "app.bsky.feed.post"

    /// A poster; `name` gives an account's verified handle.
    init(
        _ context: DeliveryContext,
        ledger: Ledger,
        session: any AccountSession,
        marker: MessageReference,
        name: @escaping @Sendable (DID) async -> String?
    ) {
        self.context = context
        queue = ledger.queue(context.timetable)
        limits = LimitMemory(context, ledger.settings, of: "mentions")
        self.session = session
        self.marker = marker
        self.name = name
        breaker = SendBreaker(context.configuration.sending)
    }

    /// Runs until its loop is drained; without owners who have agreed, it mentions nobody.
    func run() async throws(LedgerError) {
        if let limit = try await limits.recall() { breaker.restore(limit) }
        try await context.loops.mentioning.run { () async throws(LedgerError) in
            let wait = try await self.step()
            try await self.limits.remember(self.breaker.limit)
            return wait
        }
    }

    /// Ends pauses, and holds other than a rate limit's.
    func resume() {
        breaker.reopen()
        failures = 0
        nextTryAt = .distantPast
        context.loops.mentioning.wake()
    }

    /// Does one thing.
    ///
    /// - Returns: how long there is nothing else to do.
    func step() async throws(LedgerError) -> Duration {
        let (now, steadyNow) = (context.now, context.steadyNow)
        if case .held(_, let until) = breaker.status, until > steadyNow { return until - steadyNow }
        guard nextTryAt <= steadyNow else { return nextTryAt - steadyNow }
        breaker.reopenAfterHold()
        switch try await queue.nextMention(context.configuration.mentions, policy: context.policy, now: now) {
        // Nobody has agreed, so there is never anything to do.
        case .nobody: return WorkLoop.longestSleep
        case .waits(let until): return max(WorkLoop.shortestSleep, until - now)
        case .post(let job): try await post(about: job)
        case .calledOff(let applied): context.report(applied)
        }
        return .zero
    }

    private func post(about job: Job) async throws(LedgerError) {
        guard let request = job.changeRequest, let rule = context.rules[job.rule] else {
            return try await fail(job, .refused(Refusal(.ruleRemoved, job.rule)))
        }
        let post = MentionPost(
            about: request,
            handle: await name(request.owner),
            link: rule.link?.render { request.value(of: $0) },
            service: context.configuration.message.service
        )
        if context.isShadow { return try await foretell(post, about: job) }
        // To find the name may have taken half a minute, and what is in force when the post leaves decides.
        let (mentions, policy) = (context.configuration.mentions, context.policy)
        guard try await queue.mayPost(job.id, mentions, policy: policy, now: context.now) else { return }
        let key = marker.recordKey(of: job.uri, for: request.owner)
        let uri = "at://\(session.account)/\(Self.collection)/\(key)"
        do { try await put(post, key) } catch { return try await fail(job, error) }
        breaker.succeeded(.postMention)
        failures = 0
        let note = Attempt(.postMention, outcome: JobState.delivered.rawValue, detail: uri)
        context.report(try await queue.apply(.posted, to: [job.id], note, now: context.now))
    }

    /// Ends a job in shadow mode, with the post that would have been made.
    private func foretell(_ post: MentionPost, about job: Job) async throws(LedgerError) {
        context.logger.notice(
            "shadow mode: mention not posted",
            metadata: [
                "did": "\(job.owner?.text ?? "")", "uri": "\(job.uri)", "rule": "\(job.rule)", "text": "\(post.text)",
            ]
        )
        let refusal = Refusal(.shadowMode, "")
        let note = Attempt(.postMention, refusal)
        context.report(try await queue.apply(.admitted(.refused(refusal.reason)), to: [job.id], note, now: context.now))
    }

    private func put(_ post: MentionPost, _ key: TID) async throws(CallError) {
        let body: JSONValue = [
            "repo": .string(session.account.text), "collection": .string(Self.collection), "rkey": .string(key.text),
            "record": post.record(createdAt: context.now), "swapRecord": .null,
        ]
        let response: HTTPResponse
        do { response = try await session.send(.procedure(Self.method, body)) } catch { throw .session(error) }
        guard !response.isSuccess else { return }
        let error = XRPCError(response)
        // The post exists: an earlier attempt of ours created it.
        if error.name == "InvalidSwap" { return }
        throw .answer(error)
    }

    private func fail(_ job: Job, _ failure: CallError) async throws(LedgerError) {
        let now = context.steadyNow
        let verdict = breaker.failed(.postMention, failure, now: now)
        NotifierMetrics.count(call: .postMention, status: failure.status)
        let isFinal = verdict.isFinal
        if !isFinal {
            nextTryAt = now + (breaker.isPaused ? Self.pause : context.configuration.sending.backoff(failures))
            failures += 1
        }
        if breaker.isPaused {
            context.logger.error(
                "mentions paused",
                metadata: [
                    "reason": "\(verdict.reason.rawValue)", "detail": "\(failure)",
                    "to_do": "\(verdict.reason.sentence)",
                ]
            )
        }
        let outcome: JobMachine.PostOutcome = isFinal ? .impossible : failure.leavesDoubt ? .unknown : .refused
        var applied = try await queue.postFailed(
            outcome,
            of: job.id,
            Attempt(.postMention, failure, verdict),
            wait: isFinal ? .zero : nextTryAt - now,
            policy: context.policy,
            now: context.now
        )
        // A job that goes on waiting is not reported.
        applied.outcomes.removeAll { !$0.state.isFinal }
        context.report(applied)
        context.logger.notice(
            "mention not posted",
            metadata: [
                "uri": "\(job.uri)", "did": "\(job.owner?.text ?? "")", "reason": "\(verdict.reason.rawValue)",
                "detail": "\(failure)", "next_s": .stringConvertible(isFinal ? 0 : (nextTryAt - now).wholeSeconds),
            ]
        )
    }
}

extension CallError {
    /// Whether the post may exist all the same.
    fileprivate var leavesDoubt: Bool { mayHaveBeenCarriedOut || (status ?? 0) >= 500 }
}
