internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

extension ChatSender {
    /// Writes to a recipient, unless something forbids it.
    func take(_ candidate: SendCandidate) async throws(LedgerError) {
        // One request that must not be told must not take the others of its digest with it.
        if try await refuseWhatIsExcluded(candidate) { return }
        if try await isHeldBack(candidate) { return }
        // If no message can be composed, no conversation is opened.
        guard var message = try await compose(for: candidate) else { return }
        // In any case: the service counts the opening of a conversation like a message.
        defer { paceNext() }
        let conversation: Conversation
        do { conversation = try await chat.conversation(with: candidate.owner) } catch {
            return try await giveBack(candidate, .openConversation, error)
        }
        breaker.succeeded(.openConversation)
        try await compareWithChat()
        guard try await isOurs(conversation, candidate),
            let conversation = try await readUnknown(candidate, in: conversation)
        else { return }
        let isFirst = try await isFirstContact(with: candidate.owner, in: conversation)
        let answered = try await queue.answered(by: candidate.jobs, in: conversation.id)
        if isFirst || answered != nil {
            guard let other = try await compose(for: candidate, isFirst: isFirst, answering: answered) else { return }
            message = other
        }
        let (begun, applied) = try await queue.begin(
            message,
            for: candidate,
            in: conversation,
            maximumSends: configuration.sending.maximumSends,
            policy: context.policy,
            now: context.now
        )
        context.report(applied)
        if let begun { try await send(begun) }
    }

    /// Ends jobs in shadow mode, with the message that would have been sent.
    ///
    /// Limits do not apply, because no message is sent that they could count.
    func foretell(_ candidate: SendCandidate) async throws(LedgerError) {
        guard let first = candidate.jobs.first, try await !refuseWhatIsExcluded(candidate) else { return }
        let isFirst = try await isFirstContact(with: candidate.owner)
        guard let message = try await compose(for: candidate, isFirst: isFirst) else { return }
        logger.notice(
            "shadow mode: message not sent",
            metadata: [
                "did": "\(candidate.owner)", "uri": "\(first.uri)", "rule": "\(first.rule)",
                "requests": .stringConvertible(candidate.jobs.count), "text": "\(message.text)",
            ]
        )
        try await refuse(candidate.jobs, Refusal(.shadowMode, ""), in: .sendMessage)
    }

    /// The message about these jobs; nil when none can be composed, and the jobs are dropped for it.
    private func compose(
        for candidate: SendCandidate,
        isFirst: Bool = false,
        answering answered: String? = nil
    ) async throws(LedgerError) -> ComposedMessage? {
        let requests = candidate.jobs.compactMap(\.changeRequest)
        let marks = requests.map { marker.mark($0.uri) }
        do {
            return try composer.compose(requests, marks: marks, isFirst: isFirst, answering: answered)
        } catch {
            try await refuse(candidate.jobs, error)
            return nil
        }
    }

    /// Sends a message that is stored as `sending`, and stores the result.
    func send(_ message: Message) async throws(LedgerError) {
        let sent: SentMessage
        do { sent = try await chat.send(message.input, to: message.conversation) } catch {
            let verdict = try await refine(await judge(.sendMessage, error, of: message.owner), error, message)
            // A notice gives its requests back to their jobs; an answer waits itself.
            let again = message.kind.isAnswer ? configuration.sending.backoff(message.attempts + 1) : .zero
            return try await apply(
                .failed(verdict),
                to: message,
                Attempt(.sendMessage, error, verdict),
                wait: verdict.action == .verify ? configuration.sending.settle : again
            )
        }
        breaker.succeeded(.sendMessage)
        if message.kind.isAnswer {
            logger.info(
                "answer sent to an owner",
                metadata: ["did": "\(message.owner)", "kind": "\(message.kind.rawValue)"]
            )
        }
        try await apply(.accepted, to: message, Attempt(.sendMessage, outcome: "delivered"), sent: sent)
    }

    /// Stores an event of a message, and reports the outcome of every request once.
    func apply(
        _ event: MessageMachine.Event,
        to message: Message,
        _ note: Attempt,
        sent: SentMessage? = nil,
        wait: Duration = .zero
    ) async throws(LedgerError) {
        context.report(try await queue.apply(event, to: message.id, note, sent: sent, wait: wait, now: context.now))
    }

    /// Stores that nothing was sent for these jobs.
    func giveBack(_ candidate: SendCandidate, _ phase: CallPhase, _ failure: CallError) async throws(LedgerError) {
        let verdict = try await refine(
            judge(phase, failure, of: candidate.owner),
            failure,
            request: candidate.head.request,
            owner: candidate.owner
        )
        if phase == .openConversation, verdict.isRefusal {
            try await queue.countOpening(for: candidate.head.author, now: context.now)
        }
        let note = Attempt(phase, failure, verdict)
        context.report(try await queue.apply(.failed(verdict), to: candidate.jobs.map(\.id), note, now: context.now))
    }

    /// Drops jobs for which no message can be composed, or must be sent.
    private func refuse(_ jobs: [Job], _ refusal: Refusal, in phase: CallPhase = .input) async throws(LedgerError) {
        let (event, note) = (JobMachine.Event.admitted(.refused(refusal.reason)), Attempt(phase, refusal))
        context.report(try await queue.apply(event, to: jobs.map(\.id), note, now: context.now))
    }

    /// Drops or defers the jobs that the present settings exclude.
    ///
    /// - Returns: whether there were any.
    private func refuseWhatIsExcluded(_ candidate: SendCandidate) async throws(LedgerError) -> Bool {
        var isChanged = false
        for job in candidate.jobs {
            let admission = try await checker.admission(
                of: candidate.owner,
                as: job.role,
                to: job,
                believing: AdmissionChecker.lifetimeBeforeSending
            )
            switch admission {
            case .told: continue
            case .refused(let reason): try await refuse([job], Refusal(reason, detail(of: reason, job)))
            case .waits:
                let wait = context.timetable.wait(for: admission)
                context.report(try await queue.apply(.admitted(admission), to: [job.id], wait: wait, now: context.now))
            }
            isChanged = true
        }
        return isChanged
    }

    private func detail(of reason: Reason, _ job: Job) -> String {
        switch reason {
        case .ruleRemoved: job.rule
        case .authorBlocked, .authorIsOwner: job.author.text
        default: job.owner?.text ?? ""
        }
    }

    /// Whether a limit forbids this message now; the consequence is stored.
    private func isHeldBack(_ candidate: SendCandidate) async throws(LedgerError) -> Bool {
        guard let (limit, until) = candidate.heldBy else { return false }
        let now = context.now
        // It has expired meanwhile, but there may be another one.
        guard until > now else { return true }
        if limit.scope == .everybody {
            nextNoticeAt = context.steadyNow + (until - now)
            let wait = (until - now).wholeSeconds
            logger.warning(
                "daily limit of messages reached (sending.daily_limit)",
                metadata: ["next_s": .stringConvertible(wait)]
            )
        } else {
            let (author, owner) = (candidate.head.author, candidate.owner)
            try await queue.postpone(by: limit, author: author, owner: owner, until: until, now: now)
            context.reporter.held(candidate.head, limit.reason, for: until - now)
        }
        return true
    }

    func refine(_ verdict: Verdict, _ failure: CallError, _ message: Message) async throws(LedgerError) -> Verdict {
        guard let request = message.members.first?.request else { return verdict }
        return try await refine(verdict, failure, request: request, owner: message.owner)
    }

    /// Refines a verdict by a further question to a server, or by earlier attempts.
    private func refine(
        _ verdict: Verdict,
        _ failure: CallError,
        request: Int64,
        owner: DID?
    ) async throws(LedgerError) -> Verdict {
        if verdict.followUp == .checkOwnStatus {
            let isOurs: Bool
            do { isOurs = try await chat.isChatDisabled() } catch {
                // It is unclear whose account it is, so nothing is dropped for it.
                return Verdict(22, .retry, .accountSuspended)
            }
            guard isOurs else { return Verdict(22, .drop, .recipientSuspended) }
            return await judge(.readStatus, .chatDisabled(isSender: true))
        }
        return try await queue.escalated(verdict, request: request, owner: owner)
    }
}
