internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

/// Reads in people's own repositories of what they want to be told: those that stand already, as far as a directory names
/// them, and then whatever the stream says has changed.
///
/// When somebody's server does not answer, what was read of them stands, and they are asked again. Nobody who is looked up
/// waits for any of this.
actor SubscriptionKeeper {
    private let context: DeliveryContext
    private let store: SubscriptionStore
    private let settings: Settings
    private let records: RecordReader
    private let directory: AccountDirectory
    private let sources: [SubscriberSource]
    private let collections: [NSID]
    /// When the directories are asked for a collection, by the steady clock.
    private var listings: [NSID: UnixTime] = [:]
    private var failedListings: [NSID: Int] = [:]
    /// When repositories may be read again, by the steady clock.
    private var nextReading = UnixTime.distantPast

    /// How many repositories are read at once, and how long behind that the next ones: a third of what the network's servers
    /// allow an address, as for a sweep.
    private static let concurrency = 3
    private static let pause = Duration.seconds(1)
    /// How often the directories are asked.
    private static let listing = Duration.seconds(7 * 86_400)
    /// The waits after a failure.
    private static let firstWait = Duration.seconds(60)
    private static let longestWait = Duration.seconds(6 * 3600)

    init(_ context: DeliveryContext, ledger: Ledger, lookup: OwnerLookup, strangers: GuardedClient) {
        self.context = context
        store = ledger.subscriptions
        settings = ledger.settings
        records = lookup.records
        directory = AccountDirectory(directories: context.configuration.lookup.directories, http: strangers)
        sources = context.configuration.rules.compactMap(\.subscribers)
        collections = Set(sources.flatMap(\.collections)).sorted { $0.text < $1.text }
    }

    /// Runs until its loop is drained; ends at once when no rule tells subscribers.
    func run() async throws(LedgerError) {
        while !context.loops.subscribing.isDraining, try await store.forget(allBut: collections) {}
        guard !collections.isEmpty else { return }
        try await context.loops.subscribing.run { () async throws(LedgerError) in try await self.step() }
    }

    /// Does what is due; how long there is nothing else to do.
    func step() async throws(LedgerError) -> Duration {
        let (now, steadyNow) = (context.now, context.steadyNow)
        for collection in collections {
            if listings[collection] == nil { listings[collection] = try await firstListing(of: collection) }
            if (listings[collection] ?? .distantFuture) <= steadyNow { try await list(collection) }
        }
        if try await store.makeRoom(now: now) { return .zero }
        guard nextReading <= steadyNow else { return nextReading - steadyNow }
        let due = try await store.due(limit: Self.concurrency, now: now)
        guard due.isEmpty else {
            nextReading = steadyNow + Self.pause
            let readings = await read(due)
            // What was broken off has found out nothing.
            guard !Task.isCancelled else { return .zero }
            for (subscriber, reading) in readings { try await take(reading, of: subscriber) }
            return Self.pause
        }
        let nextListing = (listings.values.min() ?? .distantFuture) - steadyNow
        let nextDue = (try await store.nextDue() ?? .distantFuture) - now
        return max(WorkLoop.shortestSleep, min(nextListing, nextDue))
    }

    // MARK: directories

    private func setting(of collection: NSID) -> String { "subscribers-listed \(collection)" }

    private func firstListing(of collection: NSID) async throws(LedgerError) -> UnixTime {
        let last = try await settings[setting(of: collection)].flatMap { Double($0) }.map(UnixTime.init(seconds:))
        guard let last else { return context.steadyNow }
        // A clock that was ahead then delays nothing.
        return context.steadyNow + (Self.listing - min(Self.listing, max(.zero, context.now - last)))
    }

    private func list(_ collection: NSID) async throws(LedgerError) {
        guard !directory.directories.isEmpty else { return listings[collection] = .distantFuture }
        let limit = SubscriptionStore.maximumSubscribers
        let (accounts, failures) = await directory.accounts(with: collection, atMost: limit)
        guard !Task.isCancelled else { return }
        let isRoom = try await store.take(accounts, in: collection, now: context.now)
        if !isRoom || accounts.count >= limit {
            context.logger.warning(
                "there are more subscribers than are read",
                metadata: ["collection": "\(collection)", "count": "\(limit)"]
            )
        }
        // Where no directory came to its end there are more of them.
        if accounts.isEmpty || failures.count == directory.directories.count, let failure = failures.first {
            let count = failedListings[collection] ?? 0
            let wait = Self.firstWait.doubled(count, atMost: Self.longestWait)
            failedListings[collection] = count + 1
            listings[collection] = context.steadyNow + wait
            context.logger.warning(
                "subscribers not listed",
                metadata: ["collection": "\(collection)", "detail": "\(failure)", "next_s": "\(wait.wholeSeconds)"]
            )
            return
        }
        failedListings[collection] = nil
        listings[collection] = context.steadyNow + Self.listing
        try await settings.set(setting(of: collection), to: "\(context.now.seconds)")
        context.logger.info(
            "subscribers listed",
            metadata: ["collection": "\(collection)", "count": "\(accounts.count)"]
        )
    }

    // MARK: repositories

    private typealias Reading = Result<RecordList, LookupFailure>

    private func read(
        _ subscribers: [SubscriptionStore.Subscriber]
    ) async -> [(SubscriptionStore.Subscriber, Reading)] {
        await withTaskGroup(of: (SubscriptionStore.Subscriber, Reading).self) { group in
            for subscriber in subscribers {
                group.addTask { [records] in
                    do throws(LookupFailure) {
                        let home = try await records.home(of: subscriber.did, isFresh: subscriber.attempts > 0)
                        return (subscriber, .success(try await records.records(in: subscriber.collection, at: home)))
                    } catch {
                        return (subscriber, .failure(error))
                    }
                }
            }
            var readings: [(SubscriptionStore.Subscriber, Reading)] = []
            for await reading in group { readings.append(reading) }
            return readings
        }
    }

    private func take(_ reading: Reading, of subscriber: SubscriptionStore.Subscriber) async throws(LedgerError) {
        let list: RecordList
        switch reading {
        case .success(let found): list = found
        case .failure(let failure) where failure.verdict.isFinal: list = RecordList(records: [], isComplete: true)
        case .failure(let failure):
            let wait = Self.firstWait.doubled(subscriber.attempts, atMost: Self.longestWait)
            context.logger.debug(
                "subscriptions not read",
                metadata: ["did": "\(subscriber.did)", "detail": "\(failure.cause)", "next_s": "\(wait.wholeSeconds)"]
            )
            return try await store.postpone(subscriber, by: wait, now: context.now)
        }
        if let claim = subscriber.claim, list.isComplete, !list.records.contains(where: { $0.uri.text == claim }) {
            context.logger.info(
                "subscription not confirmed",
                metadata: ["uri": "\(claim)", "reason": "\(Reason.subscriptionUnconfirmed.rawValue)"]
            )
        }
        let subscriptions = list.records.compactMap { subscription($0, in: subscriber.collection) }
        try await store.store(
            Array(subscriptions.prefix(SubscriptionStore.maximumSubscriptions)),
            of: subscriber,
            next: SubscriptionStore.rereading,
            now: context.now
        )
        context.logger.debug(
            "subscriptions read",
            metadata: ["did": "\(subscriber.did)", "count": "\(subscriptions.count)"]
        )
    }

    /// What a record says, by the first rule that reads its collection and understands it.
    private func subscription(_ entry: RecordList.Entry, in collection: NSID) -> SubscriptionStore.Subscription? {
        guard entry.value["$type"]?.string == collection.text else { return nil }
        for source in sources where source.collections.contains(collection) {
            let subjects = source.subjects(of: entry.value)
            guard !subjects.isEmpty else { continue }
            return SubscriptionStore.Subscription(
                uri: entry.uri,
                subjects: Array(subjects.prefix(10)),
                wanted: source.wanted(of: entry.value)
            )
        }
        return nil
    }
}
