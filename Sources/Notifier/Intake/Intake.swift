internal import ATProtocol
internal import Firehose
internal import LedgerStorage
internal import Logging
internal import Metrics
internal import Network

/// Takes matched events, judges them, and stores them together with the position (invariant 1).
actor Intake {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let changed: @Sendable (Remembered) async -> Void
    private let confirming: [CollectionPattern]
    private let subscribing: [CollectionPattern]
    private let collaborating: [CollectionPattern]
    private var breaker: BurstBreaker
    private var classifier: EventClassifier
    private var quarantine: QuarantineReport
    /// When it began, by the steady clock.
    private let start: UnixTime
    /// The latest time that any host has told.
    private var latest = UnixTime.distantPast
    /// By this time a host that began in the past has caught up, so the times it tells are the present.
    private static let catchUp = Duration.seconds(120)

    /// An intake that knows which authors are blocked for a burst.
    ///
    /// `changed` is called with everything that may differ from what is remembered: accounts, and records that may have
    /// confirmed whose a project is.
    init(
        _ context: DeliveryContext,
        queue: JobQueue,
        bursts: [DID: Burst],
        followed: FollowedCollections = FollowedCollections(),
        changed: @escaping @Sendable (Remembered) async -> Void
    ) {
        self.context = context
        self.queue = queue
        self.changed = changed
        let configuration = context.configuration
        confirming = configuration.rules.flatMap(\.confirmingCollections)
        subscribing = configuration.rules.flatMap(\.subscriberCollections)
        collaborating = configuration.rules.flatMap(\.collaboratorCollections)
        classifier = EventClassifier(configuration, sender: context.sender, followed: followed)
        start = context.steadyNow
        breaker = BurstBreaker(configuration.policy, bursts: bursts)
        quarantine = QuarantineReport(logger: context.logger)
    }

    /// Stores a batch; once this returns, the batch survives `kill -9`.
    ///
    /// - Returns: whether there is a new request to look up.
    func take(_ batch: StreamBatch) async throws(LedgerError) -> Bool {
        var items: [IntakeItem] = []
        let beginning = beginning(batch)
        for event in batch.events {
            // Before the event is stored, so that the look-up that follows does not use the outdated value.
            if let remembered = outdated(by: event) { await changed(remembered) }
            items += people(event)
            guard let item = classifier.classify(event, now: context.now) else { continue }
            items.append(contentsOf: limit(item))
        }
        let result = try await queue.store(batch, items, beginning: beginning, now: context.now)
        if let position = batch.position?.position { context.note(position) }
        quarantine.take(batch.rejected, at: context.steadyNow)
        if let gap = batch.gap {
            context.logger.warning(
                "stream gap: events may be missing, and are looked for",
                metadata: [
                    "host": "\(gap.host)", "reason": "\(gap.reason.rawValue)",
                    "from": "\(UnixTime(microseconds: gap.from))", "until": "\(UnixTime(microseconds: gap.until))",
                ]
            )
        }
        report(result)
        for case .subscription in items { context.loops.subscribing.wake() }
        return result.added.contains { $0.refusal == nil }
    }

    /// Logs what is still to be logged, because no batch follows.
    func finish() { quarantine.finish() }

    /// Since when rules follow their collections, if the stream shows that our clock dated that too late.
    private func beginning(_ batch: StreamBatch) -> (time: UnixTime, latest: UnixTime)? {
        // A host that resumes tells of past times. So the latest time of any host counts, and only a later one shows
        // that it is the present.
        let told = batch.position?.position.witnessedAt
        let isNow = told.map { $0 > latest } ?? false
        latest = max(latest, told ?? latest)
        let running = context.steadyNow - start
        let time: UnixTime
        if let gap = batch.gap, gap.reason == .clockChanged {
            time = UnixTime(microseconds: gap.from)
        } else if running > Self.catchUp, told != nil {
            time = isNow ? latest - running - Self.catchUp : latest
        } else {
            return nil
        }
        return classifier.lowerBeginnings(to: time, from: latest) ? (time, latest) : nil
    }

    /// What may be remembered and must not be believed any more.
    private func outdated(by event: StreamEvent) -> Remembered? {
        switch event.body {
        // Many identity events repeat what is known; only the next look-up would show it.
        case .identity, .account: .account(event.did)
        case .commit(let commit):
            confirming.contains { $0.matches(commit.collection) }
                ? .record(ATURI(event.did, commit.collection, commit.recordKey)) : nil
        case .sync: nil
        }
    }

    /// What an event says about recipients other than the owner, besides everything else it is.
    private func people(_ event: StreamEvent) -> [IntakeItem] {
        guard case .commit(let commit) = event.body else { return [] }
        let (uri, isDeleted) = (ATURI(event.did, commit.collection, commit.recordKey), commit.operation == .delete)
        func isAmong(_ patterns: [CollectionPattern]) -> Bool { patterns.contains { $0.matches(commit.collection) } }
        var items: [IntakeItem] = []
        if isAmong(subscribing) { items.append(.subscription(uri, isDeleted: isDeleted)) }
        if isAmong(collaborating) { items.append(.collaboration(uri, cid: isDeleted ? nil : commit.cid ?? "")) }
        return items
    }

    // Blocks the author of a burst and calls off their queued requests, with one log line for all of them.
    private func limit(_ item: IntakeItem) -> [IntakeItem] {
        guard case .request(var request) = item else { return [item] }
        request.isShadow = context.isShadow
        guard request.refusal == nil, request.startsJob else { return [.request(request)] }
        let author = request.event.did
        let judgement = breaker.judge(author, request.commit.recordKey, at: request.event.position.witnessedAt)
        if judgement != .passes { request.refusal = Refusal(.authorBurst, "") }
        guard case .trips(let burst) = judgement else { return [.request(request)] }
        context.logger.warning(
            "author blocked for writing too many requests at once",
            metadata: [
                "author": "\(author)", "uri": "\(request.uri)", "reason": "\(Reason.authorBurst.rawValue)",
                "to_do": "\(Reason.authorBurst.sentence)",
            ]
        )
        return [.authorBurst(author, burst), .request(request)]
    }

    private func report(_ result: IntakeResult) {
        for request in result.added {
            if let refusal = request.refusal {
                context.reporter.report(Outcome(of: request, refusal))
            } else {
                context.reporter.matched(request.uri, rule: request.rule)
            }
        }
        context.report(result.applied)
    }
}
