internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network
internal import Synchronization

/// Sends what is queued, one HTTP request at a time for the whole account, and never the same thing twice.
///
/// It is a loop that does one thing after the other and never runs twice at once, so what it read in the ledger still
/// holds when it acts. ``MessageMachine`` decides what may be sent again, ``classify(_:_:)`` what a failure means, and
/// ``SendBreaker`` whether the sender may go on.
actor ChatSender {
    let context: DeliveryContext
    let queue: JobQueue
    let chat: ChatClient
    let checker: AdmissionChecker
    let composer: Composer
    let marker: MessageReference
    var breaker: SendBreaker
    private let limits: LimitMemory
    private let answers: AnswerReader
    /// When the pace allows the next message, by the steady clock.
    var nextSendAt = UnixTime.distantPast
    /// When the day's limit allows the next notice, by the steady clock.
    ///
    /// It holds back notices only: answers are still read and answered, and doubts are still settled.
    var nextNoticeAt = UnixTime.distantPast
    /// Whether the chat was compared with the ledger.
    var isCompared = false
    /// Whether that comparison has failed so far.
    var isComparisonOwed = false
    /// Whether messages of this account were found that this ledger did not write.
    var isNotAlone = false
    /// The ids of these messages that were reported.
    var reportedMessages: Set<String> = []
    /// Whether the last message was an answer.
    private var hasAnswered = false
    /// Whether the last step found nothing to send.
    private var isIdle = true
    /// How long to wait for another process's turn, which usually takes seconds.
    private static let longestTurn = Duration.seconds(600)
    /// How long to wait at a stretch before other work is looked at.
    private static let turnPatience = Duration.seconds(5)
    private static let turnInterval = Duration.milliseconds(20)
    /// Since when we wait for another process's turn.
    private var awaitsTurnSince: ContinuousClock.Instant?

    init(
        _ context: DeliveryContext,
        ledger: Ledger,
        chat: ChatClient,
        checker: AdmissionChecker,
        marker: MessageReference
    ) {
        self.context = context
        queue = ledger.queue(context.timetable)
        limits = LimitMemory(context, ledger.settings, of: "sender")
        answers = AnswerReader(context, queue: queue, settings: ledger.settings, chat: chat, marker: marker)
        self.chat = chat
        self.checker = checker
        self.marker = marker
        composer = Composer(configuration: context.configuration)
        breaker = SendBreaker(context.configuration.sending)
    }

    var configuration: NotifierConfiguration { context.configuration }
    var logger: Logger { context.logger }

    /// Runs until its loop is drained; finishes what is under way.
    func run() async throws(LedgerError) {
        let doubtful = try await queue.recover(now: context.now)
        if doubtful > 0 {
            logger.notice(
                "messages found that may have arrived; their conversations are read first",
                metadata: ["count": .stringConvertible(doubtful)]
            )
        }
        if let last = try await queue.lastSentAt() {
            // A clock that was ahead at that time must not prolong the wait.
            nextSendAt = context.steadyNow + configuration.sending.interval - max(.zero, context.now - last)
        }
        if let limit = try await limits.recall() { breaker.restore(limit) }
        try await context.loops.sending.run { () async throws(LedgerError) in
            let wait = try await self.step()
            try await self.limits.remember(self.breaker.limit)
            return wait
        }
    }

    /// Ends pauses, and holds other than a rate limit's.
    func resume() {
        breaker.reopen()
        context.loops.sending.wake()
    }

    /// Whether anything is sent, and if not, why; with times by the wall clock.
    var status: PipelineStatus.Sender {
        let offset = context.now - context.steadyNow
        return switch breaker.status {
        case .open where nextNoticeAt > context.steadyNow: .held(reason: .globalLimit, until: nextNoticeAt + offset)
        case .open: .open
        case .off: .off
        case .held(let reason, let until): .held(reason: reason, until: until + offset)
        case .paused(let reason, let detail, let probeAt):
            .paused(reason: reason, detail: detail, probeAt: probeAt + offset)
        }
    }

    /// Does one thing.
    ///
    /// - Returns: how long there is nothing else to do.
    func step() async throws(LedgerError) -> Duration {
        let (now, steadyNow) = (context.now, context.steadyNow)
        if context.isShadow, let answer = try await queue.nextAnswer(now: now) {
            let note = Attempt(.sendMessage, outcome: Verdict.Action.drop.rawValue, reason: .shadowMode)
            try await apply(.refused(.shadowMode), to: answer, note)
            return .zero
        }
        // Nothing that forbids sending, such as a missing session, matters in shadow mode.
        if context.isShadow, let candidate = try await queue.nextCandidate(configuration, now: now) {
            try await foretell(candidate)
            return .zero
        }
        switch breaker.status {
        case .open, .off: break
        case .held(_, let until) where until > steadyNow: return until - steadyNow
        case .held: breaker.reopenAfterHold()
        case .paused(_, _, let probeAt) where probeAt > steadyNow: return probeAt - steadyNow
        case .paused:
            try await probe(now: steadyNow)
            return .zero
        }
        // Read answers before anything is sent, or sent again: an owner may have said “stop” during a pause.
        if answers.nextAt <= steadyNow {
            try await readAnswers()
            return .zero
        }
        if let delivery = try await queue.nextVerification(now: now) {
            try await inTurn { () async throws(LedgerError) in try await self.verify(delivery) }
            return .zero
        }
        if !context.isShadow {
            if nextSendAt > steadyNow { return nextSendAt - steadyNow }
            // Answers and notices take turns, so that neither many writers nor a full queue delays the other.
            if !hasAnswered, let answer = try await queue.nextAnswer(now: now) {
                hasAnswered = true
                try await inTurn { () async throws(LedgerError) in try await self.answer(answer) }
                return .zero
            }
            if nextNoticeAt <= steadyNow, let candidate = try await queue.nextCandidate(configuration, now: now) {
                if isIdle, longestHesitation > .zero {
                    isIdle = false
                    nextSendAt = steadyNow + .seconds(longestHesitation.inSeconds * Double.random(in: 0..<1))
                    return .zero
                }
                (isIdle, hasAnswered) = (false, false)
                try await inTurn { () async throws(LedgerError) in try await self.take(candidate) }
                return .zero
            }
            isIdle = true
            if hasAnswered {
                hasAnswered = false
                return .zero
            }
        }
        let isDayUsedUp = nextNoticeAt > steadyNow
        let due = try await queue.nextDue(withNotices: !isDayUsedUp) ?? .distantFuture
        let noticesAt = isDayUsedUp ? nextNoticeAt : .distantFuture
        return max(WorkLoop.shortestSleep, min(due - now, min(answers.nextAt, noticesAt) - steadyNow))
    }

    /// Reads and writes in a conversation while no other daemon on this machine does so for the same account.
    ///
    /// While another does, nothing is done, for at most ten minutes.
    private func inTurn(_ work: () async throws(LedgerError) -> Void) async throws(LedgerError) {
        guard let name = context.turnName else { return try await work() }
        let deadline = ContinuousClock.now + Self.turnPatience
        var turn = MachineTurn(name)
        while turn == nil, ContinuousClock.now < deadline {
            guard !context.loops.sending.isDraining else { return }
            try? await ContinuousClock().sleep(for: Self.turnInterval)
            turn = MachineTurn(name)
        }
        let since = awaitsTurnSince ?? deadline - Self.turnPatience
        awaitsTurnSince = turn == nil ? since : nil
        if turn == nil {
            guard ContinuousClock.now - since >= Self.longestTurn else { return }
            logger.warning(
                "another process on this machine sends for the same account, and does not let this one send",
                metadata: [
                    "waited_s": .stringConvertible(Self.longestTurn.wholeSeconds),
                    "to_do": "\(Self.adviceAboutUnknownMessages)",
                ]
            )
        }
        defer { withExtendedLifetime(turn) {} }
        try await work()
    }

    /// The longest random wait of an idle sender; zero when messages need no distance.
    ///
    /// If two daemons hear of the same request at the same time, one should see what the other wrote.
    private var longestHesitation: Duration {
        min(configuration.sending.hesitation, configuration.sending.interval)
    }

    /// Delays the next message or opened conversation by the configured interval.
    func paceNext() { nextSendAt = context.steadyNow + configuration.sending.interval }

    /// Reads what owners answered.
    ///
    /// A failure stops no message during the first six hours, and ends no pause.
    ///
    /// - Returns: whether the answers could be read.
    @discardableResult
    private func readAnswers() async throws(LedgerError) -> Bool {
        guard let failure = try await answers.read() else {
            try await compareWithChat()
            return true
        }
        guard answers.isDeaf, !context.isShadow, !breaker.isPaused else { return false }
        breaker.pause(.answersUnreadable, failure, now: context.steadyNow)
        reportPause(.answersUnreadable, failure)
        return false
    }

    // A pause ends when the chat service itself says, through the PDS, that this account may chat.
    private func probe(now: UnixTime) async throws(LedgerError) {
        guard !breaker.isPaused(for: .answersUnreadable) else {
            guard try await readAnswers() else { return breaker.stillPaused(now: now) }
            breaker.reopenAfterHold()
            return logger.notice("sending resumed")
        }
        do {
            let isDisabled = try await chat.isChatDisabled()
            guard !isDisabled else { return breaker.stillPaused(now: now) }
            try await proveReading()
            // Only a sent message clears failures to send; the probe must not lose them.
            breaker.reopenAfterHold()
            logger.notice("sending resumed")
        } catch {
            breaker.stillPaused(now: now)
            logger.debug("sending still paused", metadata: ["detail": "\(error)"])
        }
    }

    /// Checks that the session may read messages: an app password without access to direct messages passes all other
    /// checks.
    private func proveReading() async throws(CallError) {
        do { _ = try await chat.newestOwnMessage() } catch {
            // A session with fine-grained scopes may lack the scope for this call.
            guard error.errorName == "ScopeMissingError", !breaker.isPaused(for: .scopeMissing) else { throw error }
        }
    }

    /// Judges a failure for the whole sender, and tells the operator when something needs a decision.
    func judge(_ phase: CallPhase, _ failure: CallError, of owner: DID? = nil) async -> Verdict {
        let now = context.steadyNow
        let wasPaused = breaker.isPaused
        var verdict = breaker.failed(phase, failure, of: owner, now: now)
        if verdict.followUp == .checkWay, (try? await chat.isChatDisabled()) == nil {
            verdict = breaker.failed(phase, failure, now: now)
        }
        NotifierMetrics.count(call: phase, status: failure.status)
        if breaker.isPaused, !wasPaused { reportPause(verdict.reason, failure) }
        if breaker.reportsLimit(now: now) {
            logger.error(
                "the chat service has limited this account for six hours; raise sending.interval",
                metadata: ["reason": "\(verdict.reason.rawValue)"]
            )
        }
        return verdict
    }

    private func reportPause(_ reason: Reason, _ failure: CallError) {
        logger.error(
            "sending paused",
            metadata: [
                "reason": "\(reason.rawValue)", "detail": "\(failure)", "to_do": "\(reason.sentence)",
                "next_s": .stringConvertible(configuration.sending.probeInterval.wholeSeconds),
            ]
        )
    }
}
