internal import ATProtocol
internal import Logging
internal import Network
internal import Synchronization

/// Sends what is queued, one request at a time for the whole account, and never the same thing twice.
///
/// A loop that does one thing after the other: nothing of it runs twice at once, so a decision that was read from the
/// ledger still holds when it is carried out. What may be sent again is ``MessageMachine``'s business, what a failure
/// means ``classify(_:_:)``'s, and whether the sender may go on ``SenderGate``'s.
actor ChatSender {
    let configuration: NotifierConfiguration
    let queue: JobQueue
    let suppressions: SuppressionList
    let settings: Settings
    private let deliveries: DeliveryLog
    let timetable: Timetable
    let policy: AdmissionPolicy
    let checker: AdmissionChecker
    let chat: ChatClient
    let wallClock: any WallClock
    let logger: Logger
    let composer: Composer
    let marker: Marker
    let reporter: OutcomeReporter
    private let clock: any Clock<Duration>
    private let bell = Bell()
    private let reopened: @Sendable () -> Void
    var gate: SenderGate
    private var isDraining = false
    /// When the pace allows the next message.
    var nextSendAt = 0.0
    var nextAnswersAt = 0.0
    /// Failures in a row to read what owners answered.
    var answerFailures = 0

    /// The longest sleep, after which the ledger is looked at for what commands beside the daemon have changed.
    static let longestSleep = 5.0

    init(
        configuration: NotifierConfiguration,
        ledger: Ledger,
        chat: ChatClient,
        checker: AdmissionChecker,
        marker: Marker,
        reporter: OutcomeReporter,
        wallClock: any WallClock,
        clock: any Clock<Duration>,
        logger: Logger,
        reopened: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        timetable = Timetable(configuration)
        queue = ledger.queue(timetable)
        suppressions = ledger.suppressions
        settings = ledger.settings
        deliveries = ledger.deliveries
        self.reopened = reopened
        policy = AdmissionPolicy(configuration, sender: chat.sender)
        self.chat = chat
        self.checker = checker
        self.marker = marker
        self.reporter = reporter
        self.wallClock = wallClock
        self.clock = clock
        self.logger = logger
        composer = Composer(configuration: configuration)
        gate = SenderGate(configuration.sending)
    }

    /// Runs until ``drain()``; what is under way then is finished first.
    func run() async throws(LedgerError) {
        let doubtful = try await queue.recover(now: wallClock.now())
        if doubtful > 0 { logger.notice("messages in doubt found", metadata: ["count": "\(doubtful)"]) }
        if let last = try await deliveries.lastSentAt() { nextSendAt = last + configuration.sending.interval.inSeconds }
        while !isDraining {
            let wait = try await step()
            if wait > 0, !isDraining { await bell.wait(atMost: .seconds(wait), on: clock) }
        }
    }

    /// Ends ``run()`` after the step under way.
    func drain() {
        isDraining = true
        bell.ring()
    }

    /// There is something to send.
    nonisolated func wake() { bell.ring() }

    /// Forgets pauses and holds.
    func resume() {
        gate.reopen()
        bell.ring()
    }

    /// Whether and why nothing is sent.
    var status: PipelineStatus.Sender { gate.status }

    /// Does one thing, and says how long there is nothing else to do, in seconds.
    private func step() async throws(LedgerError) -> Double {
        let now = wallClock.now()
        switch gate.status {
        case .open: break
        case .held(_, let until) where until > now: return min(until - now, Self.longestSleep)
        case .held: gate.reopenAfterHold()
        case .paused(_, _, let probeAt) where probeAt > now: return min(probeAt - now, Self.longestSleep)
        case .paused:
            await probe(now: now)
            return 0
        }
        // Before anything is sent, or sent again: an owner may have said “stop” during a pause.
        if let interval = configuration.sending.answersInterval, nextAnswersAt <= now {
            // Never so often that nothing else gets a turn.
            nextAnswersAt = now + max(1, interval.inSeconds)
            try await readAnswers()
            return 0
        }
        if let delivery = try await queue.nextVerification(now: now) {
            try await verify(delivery)
            return 0
        }
        if nextSendAt > now { return min(nextSendAt - now, Self.longestSleep) }
        if let candidate = try await queue.nextCandidate(
            policy: configuration.policy,
            digest: configuration.digest,
            dailyLimit: configuration.sending.dailyLimit,
            now: now
        ) {
            if try await take(candidate) { paceNext() }
            return 0
        }
        return try await sleepLength(now: now)
    }

    /// Says what became of requests and jobs; what goes back to look-up is somebody's work.
    func report(_ applied: Applied) {
        reporter.report(applied)
        if applied.hasReopened { reopened() }
    }

    /// The next message waits for its turn.
    func paceNext() { nextSendAt = wallClock.now() + configuration.sending.interval.inSeconds }

    // At least a moment, so that a due row that nobody may take yet does not make the loop spin.
    private func sleepLength(now: Double) async throws(LedgerError) -> Double {
        let due = try await queue.nextDue() ?? .infinity
        return max(0.05, min(due - now, nextAnswersAt - now, Self.longestSleep))
    }

    // A pause ends when the chat service says through the whole chain that this account may chat.
    private func probe(now: Double) async {
        do {
            let isDisabled = try await chat.isChatDisabled()
            guard !isDisabled else { return gate.stillPaused(now: now) }
            // What was held against sending only a message that is sent takes back: nothing may be lost in finding out.
            gate.reopenAfterHold()
            logger.notice("sending resumed")
        } catch {
            gate.stillPaused(now: now)
            logger.debug("still paused", metadata: ["detail": "\(error)"])
        }
    }

    /// Judges a failure for the sender as a whole, and tells the operator when they are needed.
    func judge(_ phase: CallPhase, _ failure: CallFailure) -> Verdict {
        let now = wallClock.now()
        let wasPaused = gate.isPaused
        let verdict = gate.failed(phase, failure, now: now)
        reporter.count(call: phase, status: failure.status)
        if gate.isPaused, !wasPaused {
            logger.error(
                "sending paused",
                metadata: [
                    "reason": "\(verdict.reason.rawValue)", "detail": "\(failure)",
                    "to_do": "\(verdict.reason.sentence)",
                    "next_s": "\(Int(configuration.sending.probeInterval.inSeconds))",
                ]
            )
        }
        if gate.reportsLimit(now: now) {
            logger.error(
                "limited by the chat service for six hours",
                metadata: ["reason": "\(verdict.reason.rawValue)"]
            )
        }
        return verdict
    }
}
