internal import ATProtocol
internal import LedgerStorage
internal import Logging
internal import Network

/// Reads people's own repositories for their subscriptions.
///
/// It first reads existing subscriptions, as far as a directory names their authors, and then whatever the stream says
/// has changed. When a person's server does not answer, their earlier subscriptions stay, and the server is asked
/// again. No look-up waits for any of this.
actor SubscriptionKeeper {
    private let context: DeliveryContext
    private let store: SubscriptionStore
    private let settings: Settings
    private let records: RecordReader
    private let directory: AccountDirectory
    private let sources: [SubscriberSource]
    private let collections: [NSID]
    /// When the directories are next asked about a collection, by the steady clock.
    private var listings: [NSID: UnixTime] = [:]
    private var failedListings: [NSID: Int] = [:]
    /// When repositories may next be read, by the steady clock.
    private var nextReading = UnixTime.distantPast

    /// The readings under way, and when each began, by the steady clock.
    private var running: [String: UnixTime] = [:]
    /// Until when slow hosts are left alone, by the steady clock.
    private var resting: [String: UnixTime] = [:]
    private var failure: LedgerError?

    /// How many repositories are read at once, and the pause before the next ones.
    ///
    /// That is a third of what the network's servers allow one address, as for a sweep.
    private static let concurrency = 3
    private static let pause = Duration.seconds(1)
    /// When a slow reading makes room for another, how many slow ones there may be for each quick one, and the longest
    /// time.
    private static let quickReading = Duration.seconds(1)
    private static let maximumSlow = 8
    private static let longestReading = Duration.seconds(60)
    /// A host that takes so long for one repository is left alone for a while.
    private static let slowReading = Duration.seconds(10)
    private static let rest = Duration.seconds(300)
    private static let maximumResting = 1000
    /// How often the directories are asked.
    private static let listing = Duration.seconds(7 * 86_400)
    /// The first and the longest wait after failures.
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
        await withDiscardingTaskGroup { group in
            do throws(LedgerError) {
                try await context.loops.subscribing.run { () async throws(LedgerError) in
                    let (due, wait) = try await self.step()
                    for subscriber in due { group.addTask { await self.work(on: subscriber) } }
                    return wait
                }
            } catch {
                failure = error
            }
            group.cancelAll()
        }
        if let failure { throw failure }
    }

    /// Does what is due, except reading repositories.
    ///
    /// - Returns: whose repositories are to be read now, and how long there is nothing else to do.
    func step() async throws(LedgerError) -> (due: [SubscriptionStore.Subscriber], wait: Duration) {
        if let failure { throw failure }
        let (now, steadyNow) = (context.now, context.steadyNow)
        for collection in collections {
            if listings[collection] == nil { listings[collection] = try await firstListing(of: collection) }
            if (listings[collection] ?? .distantFuture) <= steadyNow { try await list(collection) }
        }
        if try await store.makeRoom(now: now) { return ([], .zero) }
        guard nextReading <= steadyNow else { return ([], nextReading - steadyNow) }
        let quick = running.values.count { steadyNow - $0 < Self.quickReading }
        let room = min(Self.concurrency - quick, Self.concurrency * Self.maximumSlow - running.count)
        // The end of a reading wakes the loop, and a slow reading makes room.
        guard room > 0 else { return ([], Self.pause) }
        let due = try await store.due(limit: room, now: now)
        guard due.isEmpty else {
            nextReading = steadyNow + Self.pause
            for subscriber in due { running[Self.name(of: subscriber)] = steadyNow }
            return (due, Self.pause)
        }
        let nextListing = (listings.values.min() ?? .distantFuture) - steadyNow
        let nextDue = (try await store.nextDue() ?? .distantFuture) - now
        return ([], max(WorkLoop.shortestSleep, min(nextListing, nextDue)))
    }

    // MARK: directories

    private func setting(of collection: NSID) -> String { "subscribers-listed \(collection)" }

    private func firstListing(of collection: NSID) async throws(LedgerError) -> UnixTime {
        let last = try await settings[setting(of: collection)].flatMap { Double($0) }.map(UnixTime.init(seconds:))
        guard let last else { return context.steadyNow }
        // A clock that was ahead at that time must not delay anything.
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
                "a collection has more subscribers than the daemon reads; the others are not told",
                metadata: ["collection": "\(collection)", "count": .stringConvertible(limit)]
            )
        }
        // When every directory failed, there are more accounts than were read.
        if accounts.isEmpty || failures.count == directory.directories.count, let failure = failures.first {
            let count = failedListings[collection] ?? 0
            let wait = Self.firstWait.doubled(count, atMost: Self.longestWait)
            failedListings[collection] = count + 1
            listings[collection] = context.steadyNow + wait
            context.logger.warning(
                "subscribers cannot be listed; tried again",
                metadata: [
                    "collection": "\(collection)", "detail": "\(failure)",
                    "next_s": .stringConvertible(wait.wholeSeconds),
                ]
            )
            return
        }
        failedListings[collection] = nil
        listings[collection] = context.steadyNow + Self.listing
        try await settings.set(setting(of: collection), to: "\(context.now.seconds)")
        context.logger.info(
            "subscribers listed",
            metadata: ["collection": "\(collection)", "count": .stringConvertible(accounts.count)]
        )
    }

    // MARK: repositories

    private typealias Reading = Result<RecordList, LookupError>

    /// Reads a repository, and stores what it says.
    func work(on subscriber: SubscriptionStore.Subscriber) async {
        let reading = await read(subscriber)
        // A cancelled reading has no result.
        if !Task.isCancelled {
            do throws(LedgerError) { try await take(reading, of: subscriber) } catch { failure = error }
        }
        running[Self.name(of: subscriber)] = nil
        context.loops.subscribing.wake()
    }

    private static func name(of subscriber: SubscriptionStore.Subscriber) -> String {
        "\(subscriber.did) \(subscriber.collection)"
    }

    private func read(_ subscriber: SubscriptionStore.Subscriber) async -> Reading {
        let home: RecordReader.Home
        do throws(LookupError) {
            home = try await records.home(of: subscriber.did, isFresh: subscriber.attempts > 0)
        } catch { return .failure(error) }
        let (host, begun) = (home.pds.host, context.steadyNow)
        guard (resting[host] ?? .distantPast) <= begun else { return .failure(Self.tooSlow(host)) }
        let reading = await Unhurried.answer(within: Self.longestReading) { [records] () async -> Reading in
            do throws(LookupError) {
                return .success(try await records.records(in: subscriber.collection, at: home))
            } catch { return .failure(error) }
        }
        if reading == nil || context.steadyNow - begun >= Self.slowReading {
            if resting.count >= Self.maximumResting { resting = [:] }
            resting[host] = context.steadyNow + Self.rest
        }
        return reading ?? .failure(Self.tooSlow(host))
    }

    private static func tooSlow(_ host: String) -> LookupError {
        LookupError(.project, .projectUnavailable, "\(host) answers too slowly")
    }

    private func take(_ reading: Reading, of subscriber: SubscriptionStore.Subscriber) async throws(LedgerError) {
        let list: RecordList
        switch reading {
        case .success(let found): list = found
        case .failure(let failure) where failure.verdict.isFinal: list = RecordList(records: [], isComplete: true)
        case .failure(let failure):
            let wait = Self.firstWait.doubled(subscriber.attempts, atMost: Self.longestWait)
            context.logger.debug(
                "a subscriber's records cannot be read; tried again",
                metadata: [
                    "did": "\(subscriber.did)", "detail": "\(failure.cause)",
                    "next_s": .stringConvertible(wait.wholeSeconds),
                ]
            )
            return try await store.postpone(subscriber, by: wait, now: context.now)
        }
        if let claim = subscriber.claim, list.isComplete, !list.records.contains(where: { $0.uri.text == claim }) {
            context.logger.info(
                "a subscription is not in the subscriber's repository",
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
            metadata: ["did": "\(subscriber.did)", "count": .stringConvertible(subscriptions.count)]
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
