public import ATProtocol
public import Firehose
public import LedgerStorage
public import Logging
internal import Metrics
public import Network

/// The way from the stream to the owners' chats: intake, resolver and sender over one ledger.
public actor Pipeline {
    private let ledger: Ledger
    private let session: any AccountSession
    private let http: any HTTPClient
    private let batchQueue: BatchQueue
    private let clock: any Clock<Duration>
    private let context: DeliveryContext
    private let strangers: GuardedClient
    private let lookup: OwnerLookup
    private let proofs: RecordProofClient
    private let outputs: OutputDispatcher
    private let initialMargin: Duration
    /// How long the local outputs may take, when the pipeline ends, for what still waits.
    private static let outputPatience: Duration = .seconds(5)

    private var parts: Parts?
    private var taking: Task<LedgerError?, Never>?
    private var examination: Task<LedgerError?, Never>?
    private var subscribing: Task<LedgerError?, Never>?
    private var isDraining = false

    /// What works beside each other; docs/delivery.md says what each does.
    private struct Parts {
        let intake: Intake
        let resolver: Resolver
        let sender: ChatSender
        let keeper: WaitKeeper
        let mentions: MentionPoster
        let housekeeper: Housekeeper
        let review: SettingsReview
        let watch: LedgerWatch
        let subscriptions: SubscriptionKeeper
    }

    /// A pipeline that has not begun, for a configuration without ``NotifierConfiguration/problems``.
    ///
    /// Of the pipelines with the same `turnName` on one machine, one sends at a time. Nobody is told of records that
    /// were written more than `initialMargin` before a first start.
    public init(
        configuration: NotifierConfiguration,
        ledger: Ledger,
        session: any AccountSession,
        identities: any IdentityResolving,
        http: any HTTPClient,
        batchQueue: BatchQueue,
        wallClock: any WallClock = SystemClock(),
        steadyClock: (any WallClock)? = nil,
        clock: any Clock<Duration> = ContinuousClock(),
        initialMargin: Duration = .seconds(60),
        turnName: String? = nil,
        logger: Logger
    ) {
        self.ledger = ledger
        self.initialMargin = initialMargin
        self.session = session
        self.http = http
        self.batchQueue = batchQueue
        self.clock = clock
        let steadyClock = steadyClock ?? wallClock
        strangers = GuardedClient(configuration: configuration.lookup, http: http, clock: steadyClock)
        lookup = OwnerLookup(
            configuration: configuration.lookup,
            identities: identities,
            strangers: strangers,
            confirmations: ledger.confirmations,
            wallClock: wallClock
        )
        proofs = RecordProofClient(
            identities: identities,
            strangers: strangers,
            wallClock: wallClock,
            allowsLoopback: configuration.lookup.allowsLoopback
        )
        outputs = OutputDispatcher(configuration.outputs, http: http, wallClock: wallClock, logger: logger)
        context = DeliveryContext(
            configuration,
            sender: session.account,
            reporter: OutcomeReporter(logger: logger, wallClock: wallClock, outputs: outputs),
            wallClock: wallClock,
            steadyClock: steadyClock,
            clock: clock,
            turnName: turnName,
            logger: logger
        )
    }

    /// Runs until ``drain()``, or until the task is cancelled, which does the same.
    ///
    /// Before it returns, the request under way is finished and its outcome stored.
    ///
    /// - Throws: ``LedgerError`` when our own state is damaged; the daemon must then end.
    public func run() async throws(LedgerError) {
        // Not a child task, because a cancelled task could not finish the request under way.
        let work = Task { () async -> Result<Void, LedgerError> in
            do throws(LedgerError) { return .success(try await self.work()) } catch { return .failure(error) }
        }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            Task { await self.drain() }
        }
        try result.get()
    }

    /// Sends nothing more after the present message; everything else goes on until ``drain()``.
    public func stopSending() {
        context.loops.sending.drain()
        context.loops.mentioning.drain()
    }

    /// Takes no more work, and lets ``run()`` return when the request under way is finished.
    public func drain() {
        isDraining = true
        taking?.cancel()
        examination?.cancel()
        subscribing?.cancel()
        context.loops.drain()
    }

    /// Ends pauses and looks for work at once, because the operator has done something.
    public func resume() async {
        await parts?.sender.resume()
        await parts?.mentions.resume()
    }

    /// What it is doing now; also used for the gauges.
    public func status() async throws(LedgerError) -> PipelineStatus {
        let now = context.now
        let totals = context.reporter.sinceStart
        let status = PipelineStatus(
            sender: context.isShadow ? .off : await parts?.sender.status ?? .open,
            jobs: try await ledger.desk.counts(),
            oldestPendingAge: try await ledger.desk.oldestPending().map { max(.zero, now - $0) },
            matched: totals.matched,
            delivered: totals.delivered,
            lastDeliveredAt: totals.lastDeliveredAt,
            awaitingProof: try await ledger.desk.awaitingProof(),
            quarantined: try await ledger.stream.quarantined(),
            pausedHosts: strangers.pausedHosts
        )
        NotifierMetrics.show(status)
        return status
    }

    private func work() async throws(LedgerError) {
        let parts = try await assemble()
        self.parts = parts
        let output = Task { await outputs.run() }
        let profile = Task { await warnAboutProfile() }
        defer { profile.cancel() }
        let taking = Task { () -> LedgerError? in
            let failure = await outcome { () async throws(LedgerError) in try await self.takeBatches(parts.intake) }
            await parts.intake.finish()
            return failure
        }
        self.taking = taking
        // Finds damage that no statement meets, and that would sooner or later lose a message or send it twice.
        let examination = Task { await outcome { () async throws(LedgerError) in try await self.ledger.examine() } }
        self.examination = examination
        // A repository that is being read when the pipeline ends is not waited for.
        let subscribing = Task { await outcome { () async throws(LedgerError) in try await parts.subscriptions.run() } }
        self.subscribing = subscribing
        if isDraining { drain() }
        var failure: LedgerError?
        await withTaskGroup(of: LedgerError?.self) { group in
            func add(_ part: @escaping @Sendable () async throws(LedgerError) -> Void) {
                group.addTask { await self.outcome(of: part) }
            }
            add { () async throws(LedgerError) in try await parts.sender.run() }
            add { () async throws(LedgerError) in try await parts.resolver.run() }
            add { () async throws(LedgerError) in try await parts.keeper.run() }
            add { () async throws(LedgerError) in try await parts.mentions.run() }
            add { () async throws(LedgerError) in try await parts.housekeeper.run() }
            add { () async throws(LedgerError) in try await parts.review.run() }
            add { () async throws(LedgerError) in try await parts.watch.run() }
            group.addTask { await taking.value }
            group.addTask { await examination.value }
            group.addTask { await subscribing.value }
            // The first failure ends all others, so that nothing goes on with damaged state.
            for await result in group {
                guard let result, failure == nil else { continue }
                failure = result
                context.logger.critical(
                    "the ledger failed, so the daemon ends",
                    metadata: ["reason": "\(result.code.rawValue)", "detail": "\(result)"]
                )
                drain()
            }
        }
        outputs.finish()
        // An output that does not answer must not keep the daemon from ending.
        let patience = Task { [clock] in
            try await clock.sleep(for: Self.outputPatience)
            output.cancel()
        }
        await output.value
        patience.cancel()
        self.parts = nil
        self.taking = nil
        self.examination = nil
        self.subscribing = nil
        if let failure { throw failure }
    }

    /// Does a part of the work; returns the failure that ended it.
    private nonisolated func outcome(of part: @Sendable () async throws(LedgerError) -> Void) async -> LedgerError? {
        do throws(LedgerError) { try await part() } catch { return error }
        return nil
    }

    private func assemble() async throws(LedgerError) -> Parts {
        let marker = try await ledger.marks(now: context.now)
        for position in try await ledger.stream.positions() { context.note(position.position) }
        let relationships = RelationshipClient(
            configuration: context.configuration,
            sender: session.account,
            http: http,
            clock: context.steadyClock,
            logger: context.logger
        )
        let queue = ledger.queue(context.timetable)
        let checker = AdmissionChecker(context, ledger: ledger, client: relationships)
        let judge = RequestJudge(
            context,
            queue: queue,
            checker: checker,
            lookup: lookup,
            proofs: proofs,
            subscriptions: ledger.subscriptions
        )
        let chat = ChatClient(session: session, proxy: context.configuration.sending.proxy)
        let followed = try await ledger.stream.follow(
            context.configuration.rules,
            margin: initialMargin,
            now: context.now
        )
        let bursts = try await queue.bursts(atMost: BurstBreaker.capacity)
        let review = SettingsReview(context: context, queue: queue, settings: ledger.settings)
        try await review.begin()
        // Before waiting jobs are reviewed, because some posts become waiting jobs here.
        try await queue.recoverMentions(of: context.configuration.mentions.owners, now: context.now)
        return Parts(
            intake: Intake(context, queue: queue, bursts: bursts, followed: followed) { [lookup] remembered in
                await lookup.forget(remembered)
            },
            resolver: Resolver(context, queue: queue, judge: judge),
            sender: ChatSender(context, ledger: ledger, chat: chat, checker: checker, marker: marker),
            keeper: WaitKeeper(context, ledger: ledger, checker: checker, client: relationships),
            mentions: MentionPoster(context, ledger: ledger, session: session, marker: marker) { [lookup] did in
                await lookup.name(of: did, within: .seconds(30))
            },
            housekeeper: Housekeeper(context, ledger: ledger),
            review: review,
            watch: LedgerWatch(context: context, ledger: ledger, queue: queue),
            subscriptions: SubscriptionKeeper(context, ledger: ledger, lookup: lookup, strangers: strangers)
        )
    }

    // Automated accounts should say so in their profile; those that do not are taken for spam.
    private nonisolated func warnAboutProfile() async {
        guard await session.isLabelledBot() == false else { return }
        context.logger.warning(
            "the sender's profile lacks the bot label; mark the account as automated in the app's settings",
            metadata: ["did": "\(session.account)", "run": "impact-notifier doctor"]
        )
    }

    private nonisolated func takeBatches(_ intake: Intake) async throws(LedgerError) {
        // A batch that was taken is stored even if the pipeline is told to stop meanwhile.
        while !Task.isCancelled, let batch = await batchQueue.next() {
            if try await intake.take(batch) { context.loops.resolving.wake() }
        }
    }
}
