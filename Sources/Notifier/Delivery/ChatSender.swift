internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network
internal import Synchronization

/// Sends what is queued, one request at a time for the whole account, and never the same thing twice.
///
/// A loop that does one thing after the other: nothing of it runs twice at once, so a decision that was read from the
/// ledger still holds when it is carried out. What may be sent again is ``MessageMachine``'s business, what a failure
/// means ``classify(_:_:)``'s, and whether the sender may go on ``SendBreaker``'s.
actor ChatSender {
    let context: DeliveryContext
    let queue: JobQueue
    let settings: Settings
    let chat: ChatClient
    let checker: AdmissionChecker
    let composer: Composer
    let marker: MessageReference
    var breaker: SendBreaker
    private let limits: LimitMemory
    /// When the pace allows the next message, by the steady clock, as the next line.
    var nextSendAt = UnixTime.distantPast
    var nextAnswersAt = UnixTime.distantPast
    /// When the day's limit lets the next notice leave, by the steady clock.
    ///
    /// It stands against notices alone: words are heard, and answered, and what is in doubt is settled.
    var nextNoticeAt = UnixTime.distantPast
    /// Failures in a row to read what owners answered.
    var answerFailures = 0
    /// Whether conversations are with one person alone, as far as that was asked lately.
    var areDirect: [String: Bool] = [:]
    /// When their answers were last read, by the steady clock; nil until that was tried.
    var answersReadAt: UnixTime?
    /// Whether the chat was asked what the ledger does not know.
    var isCompared = false
    /// Whether that could not be found out yet.
    var isComparisonOwed = false
    /// Whether messages of this account were found that this ledger did not write.
    var isNotAlone = false
    /// Those that were told of.
    var reportedMessages: Set<String> = []
    /// Whether the last that was written is an answer.
    private var hasAnswered = false
    /// Whether the last look found nothing to be sent.
    private var isIdle = true
    /// How long another's turn is waited for, which lasts as long as its calls: seconds, mostly.
    private static let longestTurn = Duration.seconds(600)
    /// Between two looks at what else there is to do.
    private static let turnPatience = Duration.seconds(5)
    private static let turnInterval = Duration.milliseconds(20)
    /// Since when another's turn is waited for.
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
        settings = ledger.settings
        limits = LimitMemory(context, ledger.settings, of: "sender")
        self.chat = chat
        self.checker = checker
        self.marker = marker
        composer = Composer(configuration: context.configuration)
        breaker = SendBreaker(context.configuration.sending)
    }

    var configuration: NotifierConfiguration { context.configuration }
    var logger: Logger { context.logger }

    /// Runs until its loop is drained; what is under way then is finished first.
    func run() async throws(LedgerError) {
        let doubtful = try await queue.recover(now: context.now)
        if doubtful > 0 {
            logger.notice(
                "messages found that may have arrived; their conversations are read first",
                metadata: ["count": .stringConvertible(doubtful)]
            )
        }
        if let last = try await queue.lastSentAt() {
            // A clock that was ahead then prolongs nothing.
            nextSendAt = context.steadyNow + configuration.sending.interval - max(.zero, context.now - last)
        }
        if let limit = try await limits.recall() { breaker.restore(limit) }
        try await context.loops.sending.run { () async throws(LedgerError) in
            let wait = try await self.step()
            try await self.limits.remember(self.breaker.limit)
            return wait
        }
    }

    /// Forgets pauses, and holds but a limit's.
    func resume() {
        breaker.reopen()
        context.loops.sending.wake()
    }

    /// Whether and why nothing is sent, with the times of the date.
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

    /// Does one thing, and says how long there is nothing else to do.
    func step() async throws(LedgerError) -> Duration {
        let (now, steadyNow) = (context.now, context.steadyNow)
        if context.isShadow, let answer = try await queue.nextAnswer(now: now) {
            let note = Attempt(.sendMessage, outcome: Verdict.Action.drop.rawValue, reason: .shadowMode)
            try await apply(.refused(.shadowMode), to: answer, note)
            return .zero
        }
        // Whatever stands against sending, a session that there is not among it, does not stand against this.
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
        // Before anything is sent, or sent again: an owner may have said “stop” during a pause.
        if let interval = configuration.sending.answersInterval, nextAnswersAt <= steadyNow {
            // Never so often that nothing else gets a turn.
            nextAnswersAt = steadyNow + max(.seconds(1), interval)
            try await readAnswers()
            return .zero
        }
        if let delivery = try await queue.nextVerification(now: now) {
            try await inTurn { () async throws(LedgerError) in try await self.verify(delivery) }
            return .zero
        }
        if !context.isShadow {
            if nextSendAt > steadyNow { return nextSendAt - steadyNow }
            // In turns: neither a crowd that writes to the sender nor a full queue keeps the other waiting.
            if !hasAnswered, let answer = try await queue.nextAnswer(now: now) {
                hasAnswered = true
                try await inTurn { () async throws(LedgerError) in try await self.answer(answer) }
                return .zero
            }
            if nextNoticeAt <= steadyNow, let candidate = try await queue.nextCandidate(configuration, now: now) {
                if isIdle {
                    isIdle = false
                    nextSendAt = steadyNow + .seconds(longestHesitation.inSeconds * Double.random(in: 0..<1))
                    return .zero
                }
                hasAnswered = false
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
        // Where nobody reads answers there is no time for it.
        let answersAt = configuration.sending.answersInterval == nil ? .distantFuture : nextAnswersAt
        let noticesAt = isDayUsedUp ? nextNoticeAt : .distantFuture
        return max(WorkLoop.shortestSleep, min(due - now, min(answersAt, noticesAt) - steadyNow))
    }

    /// Looks into a conversation and writes there, while no other daemon of this machine does so for the same account; while one
    /// does, nothing is done, for ten minutes at the most.
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

    /// How long a sender that was idle waits at random, at most; not at all where messages need not keep a distance.
    ///
    /// Of two daemons that hear of the same at the same time one is to see what the other wrote.
    private var longestHesitation: Duration {
        min(configuration.sending.hesitation, configuration.sending.interval)
    }

    /// What bothers an owner next, a message or the opening of a conversation, waits for its turn.
    func paceNext() { nextSendAt = context.steadyNow + configuration.sending.interval }

    // A pause ends when the chat service says through the whole chain that this account may chat.
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
            // What was held against sending only a message that is sent takes back: nothing may be lost in finding out.
            breaker.reopenAfterHold()
            logger.notice("sending resumed")
        } catch {
            breaker.stillPaused(now: now)
            logger.debug("sending still paused", metadata: ["detail": "\(error)"])
        }
    }

    /// Finds out whether the session may read messages: an app password without direct messages passes everything else.
    private func proveReading() async throws(CallFailure) {
        do { _ = try await chat.newestOwnMessage() } catch {
            // A session that was granted call by call need not have this one.
            guard error.errorName == "ScopeMissingError", !breaker.isPaused(for: .scopeMissing) else { throw error }
        }
    }

    /// Judges a failure for the sender as a whole, and tells the operator when they are needed.
    func judge(_ phase: CallPhase, _ failure: CallFailure, of owner: DID? = nil) async -> Verdict {
        let now = context.steadyNow
        let wasPaused = breaker.isPaused
        var verdict = breaker.failed(phase, failure, of: owner, now: now)
        if verdict.followUp == .checkWay, (try? await chat.isChatDisabled()) == nil {
            verdict = breaker.failed(phase, failure, now: now)
        }
        context.reporter.count(call: phase, status: failure.status)
        if breaker.isPaused, !wasPaused { reportPause(verdict.reason, failure) }
        if breaker.reportsLimit(now: now) {
            logger.error(
                "the chat service has limited this account for six hours; raise sending.interval",
                metadata: ["reason": "\(verdict.reason.rawValue)"]
            )
        }
        return verdict
    }

    func reportPause(_ reason: Reason, _ failure: CallFailure) {
        logger.error(
            "sending paused",
            metadata: [
                "reason": "\(reason.rawValue)", "detail": "\(failure)", "to_do": "\(reason.sentence)",
                "next_s": .stringConvertible(configuration.sending.probeInterval.wholeSeconds),
            ]
        )
    }
}
