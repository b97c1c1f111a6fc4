public import ATProtocol
public import Firehose
public import Logging
internal import Metrics
public import Network

/// The way from the stream to the owners' chats: intake, resolver and sender over one ledger.
public actor Pipeline {
    private let configuration: NotifierConfiguration
    private let ledger: Ledger
    private let session: any AccountSession
    private let http: any HTTPClient
    private let mailbox: StreamMailbox
    private let wallClock: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let strangers: StrangerClient
    private let lookup: OwnerLookup
    private let proofs: ProofLookup
    private let outputs: OutputDispatcher
    private let reporter: OutcomeReporter
    /// How long the local outputs may take for what waits when the pipeline ends.
    private static let outputPatience: Duration = .seconds(5)

    private var parts: Parts?
    private var isDraining = false
    private var nextPruneAt = 0.0

    private struct Parts {
        let sender: ChatSender
        let resolver: Resolver
        let keeper: WaitKeeper
        let mentions: MentionPoster
        let intake: Task<Void, any Error>
    }

    /// A pipeline that does nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: has no ``NotifierConfiguration/problems``.
    ///   - ledger: opened for the daemon.
    ///   - session: the sender's.
    ///   - identities: finds DID documents.
    ///   - http: the guarded client for strangers' hosts, and the AppView.
    ///   - mailbox: what the stream matched.
    ///   - wallClock: the date.
    ///   - clock: what waits are measured with.
    ///   - logger: gets a line for every outcome.
    public init(
        configuration: NotifierConfiguration,
        ledger: Ledger,
        session: any AccountSession,
        identities: any IdentityResolving,
        http: any HTTPClient,
        mailbox: StreamMailbox,
        wallClock: any WallClock = SystemClock(),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.configuration = configuration
        self.ledger = ledger
        self.session = session
        self.http = http
        self.mailbox = mailbox
        self.wallClock = wallClock
        self.clock = clock
        self.logger = logger
        strangers = StrangerClient(configuration: configuration.lookup, http: http, wallClock: wallClock)
        lookup = OwnerLookup(
            configuration: configuration.lookup,
            identities: identities,
            strangers: strangers,
            wallClock: wallClock
        )
        proofs = ProofLookup(
            identities: identities,
            strangers: strangers,
            wallClock: wallClock,
            allowsLoopback: configuration.lookup.allowsLoopback
        )
        outputs = OutputDispatcher(configuration.outputs, http: http, wallClock: wallClock, logger: logger)
        reporter = OutcomeReporter(logger: logger, wallClock: wallClock, outputs: outputs)
    }

    /// Runs until ``drain()``, or until the task is cancelled, which does the same.
    ///
    /// The request under way is finished and its outcome stored before this returns.
    ///
    /// - Throws: ``LedgerError`` when our own state is damaged; the daemon must end with it.
    public func run() async throws(LedgerError) {
        // Not a child task: a cancelled one could not store the outcome of the request under way.
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

    /// Stops taking work, and lets ``run()`` return when the request under way is finished.
    public func drain() async {
        isDraining = true
        guard let parts else { return }
        parts.intake.cancel()
        await parts.resolver.drain()
        await parts.keeper.drain()
        await parts.mentions.drain()
        await parts.sender.drain()
    }

    /// Forgets pauses and looks again at once: the operator has done something.
    public func resume() async {
        await parts?.sender.resume()
        await parts?.mentions.resume()
    }

    /// What it is doing just now; also what the gauges are set to.
    ///
    /// - Throws: ``LedgerError``.
    public func status() async throws(LedgerError) -> PipelineStatus {
        let now = wallClock.now()
        let totals = reporter.sinceStart
        let status = PipelineStatus(
            sender: await parts?.sender.status ?? .open,
            jobs: try await ledger.desk.counts(),
            oldestPendingAge: try await ledger.desk.oldestPending().map { max(0, now - $0) },
            matched: totals.matched,
            delivered: totals.delivered,
            lastDeliveredAt: totals.lastDeliveredAt,
            pausedHosts: strangers.pausedHosts
        )
        NotifierMetrics.show(status)
        return status
    }

    private func work() async throws(LedgerError) {
        let parts = try await assemble()
        self.parts = parts
        if isDraining { await drain() }
        let output = Task { await outputs.run() }
        let profile = Task { await warnAboutProfile() }
        defer { profile.cancel() }
        var failure: LedgerError?
        await withTaskGroup(of: LedgerError?.self) { group in
            group.addTask { await Self.outcome { () async throws(LedgerError) in try await parts.sender.run() } }
            group.addTask { await Self.outcome { () async throws(LedgerError) in try await parts.resolver.run() } }
            group.addTask { await Self.outcome { () async throws(LedgerError) in try await parts.keeper.run() } }
            group.addTask { await Self.outcome { () async throws(LedgerError) in try await parts.mentions.run() } }
            group.addTask { await Self.outcome { () async throws(LedgerError) in try await self.review(parts) } }
            group.addTask {
                do { try await parts.intake.value } catch let error as LedgerError { return error } catch { return nil }
                return nil
            }
            // The first that fails ends the others: nothing goes on over damaged state.
            for await result in group {
                guard let result, failure == nil else { continue }
                failure = result
                logger.critical(
                    "ledger failed",
                    metadata: ["reason": "\(result.code.rawValue)", "detail": "\(result)"]
                )
                await drain()
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
        if let failure { throw failure }
    }

    private func review(_ parts: Parts) async throws(LedgerError) {
        let review = SettingsReview(
            queue: ledger.queue(Timetable(configuration)),
            settings: ledger.settings,
            policy: AdmissionPolicy(configuration, sender: session.account),
            reporter: reporter,
            wallClock: wallClock,
            logger: logger
        )
        guard try await review.run(configuration.fingerprint) else { return }
        parts.sender.wake()
        parts.resolver.wake()
        parts.keeper.wake()
    }

    private static func outcome(_ body: () async throws(LedgerError) -> Void) async -> LedgerError? {
        do throws(LedgerError) { try await body() } catch { return error }
        return nil
    }

    private func assemble() async throws(LedgerError) -> Parts {
        let lookupBell = Bell()
        let marker = Marker(key: try await ledger.settings.markerKey())
        let account = session.account
        let relationships = RelationshipClient(
            configuration: configuration,
            sender: account,
            http: http,
            wallClock: wallClock,
            logger: logger
        )
        let checker = AdmissionChecker(
            configuration: configuration,
            sender: account,
            ledger: ledger,
            client: relationships,
            reporter: reporter,
            wallClock: wallClock
        )
        let sender = ChatSender(
            configuration: configuration,
            ledger: ledger,
            chat: ChatClient(session: session, proxy: configuration.sending.proxy),
            checker: checker,
            marker: marker,
            reporter: reporter,
            wallClock: wallClock,
            clock: clock,
            logger: logger,
            reopened: { lookupBell.ring() }
        )
        let keeper = WaitKeeper(
            configuration: configuration,
            ledger: ledger,
            checker: checker,
            client: relationships,
            reporter: reporter,
            wallClock: wallClock,
            clock: clock,
            reopened: { lookupBell.ring() }
        )
        let resolver = Resolver(
            configuration: configuration,
            sender: account,
            ledger: ledger,
            checker: checker,
            lookup: lookup,
            proofs: proofs,
            reporter: reporter,
            wallClock: wallClock,
            clock: clock,
            bell: lookupBell,
            found: {
                keeper.wake()
                sender.wake()
            }
        )
        let intake = Intake(
            configuration: configuration,
            sender: account,
            queue: ledger.queue(Timetable(configuration)),
            reporter: reporter,
            wallClock: wallClock,
            logger: logger
        )
        let mentions = MentionPoster(
            configuration: configuration,
            ledger: ledger,
            session: session,
            marker: marker,
            name: { [lookup] did in await lookup.name(of: did) },
            reporter: reporter,
            wallClock: wallClock,
            clock: clock,
            logger: logger
        )
        let taking = Task { try await self.takeAll(intake, resolver) }
        return Parts(sender: sender, resolver: resolver, keeper: keeper, mentions: mentions, intake: taking)
    }

    // Automated accounts say so on their profile, and those that do not are taken for spam.
    private nonisolated func warnAboutProfile() async {
        guard let profile = await SenderProfile.read(with: session), !profile.isLabelledBot else { return }
        logger.warning(
            "the sender's profile lacks the bot label",
            metadata: ["did": "\(session.account)", "run": "impact-notifier doctor"]
        )
    }

    private nonisolated func takeAll(_ intake: Intake, _ resolver: Resolver) async throws {
        while !Task.isCancelled, let batch = await mailbox.next() {
            // Not a child task: a batch that was taken is stored even when the pipeline is told to stop meanwhile.
            let storing = Task { () async throws(LedgerError) in
                let hasWork = try await intake.take(batch)
                try await self.lookBackDaily()
                return hasWork
            }
            if try await storing.value { resolver.wake() }
        }
    }

    private func lookBackDaily() async throws(LedgerError) {
        let now = wallClock.now()
        guard now >= nextPruneAt else { return }
        nextPruneAt = now + 86_400
        let queue = ledger.queue(Timetable(configuration))
        var count = 0
        while case let batch = try await queue.prune(before: now - configuration.sending.retention.inSeconds), batch > 0
        {
            count += batch
        }
        if count > 0 { logger.info("finished jobs forgotten", metadata: ["count": "\(count)"]) }
        for (reason, number) in try await ledger.desk.waiting().sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            logger.notice(
                "messages wait for their owners",
                metadata: ["reason": "\(reason.rawValue)", "count": "\(number)"]
            )
        }
    }
}
