internal import ATProtocol
internal import LedgerStorage
internal import Network

/// Wakes what waits for a follow, a setting, an account or a limit, when that may have happened.
///
/// New follows are found by reading the sender's latest followers once an interval, however many owners wait. Follows
/// that are backdated or indexed late, unfollows and blocks are found by asking about everybody who waits: once an
/// interval, or, when they are many, as fast as one question a second allows.
actor WaitKeeper {
    private let context: DeliveryContext
    private let interval: Duration
    private let queue: JobQueue
    private let recipients: RecipientStore
    private let settings: Settings
    private let checker: AdmissionChecker
    private let client: RelationshipClient
    /// When followers were last read, by the steady clock, like the next one; nil before the first step.
    private var lastRead: UnixTime?
    /// Up to when the questions asked so far use up the budget of one a second.
    private var paidUntil = UnixTime.distantPast

    /// After so many known followers in a row no new ones are expected.
    static let knownInARow = 50
    /// How many of the latest followers are remembered.
    static let rememberedFollowers = 200
    /// The most pages of followers that are read at a time.
    static let maximumPages = 10
    /// How far ahead of the budget questions may be asked.
    private static let burst = Duration.seconds(10)
    private static let readSetting = "followers-read-at"

    init(_ context: DeliveryContext, ledger: Ledger, checker: AdmissionChecker, client: RelationshipClient) {
        self.context = context
        interval = context.configuration.policy.followInterval
        queue = ledger.queue(context.timetable)
        recipients = ledger.recipients
        settings = ledger.settings
        self.checker = checker
        self.client = client
    }

    /// Runs until its loop is drained.
    func run() async throws(LedgerError) {
        try await context.loops.keeping.run { () async throws(LedgerError) in try await self.step() }
    }

    /// Does one thing.
    ///
    /// - Returns: how long there is nothing else to do.
    func step() async throws(LedgerError) -> Duration {
        let (now, steadyNow) = (context.now, context.steadyNow)
        if report(try await queue.wakeDue(now: now, agreed: context.agreedNow)) { return .zero }
        if report(try await queue.wakeFollowers(now: now)) { return .zero }
        let wait = min(WorkLoop.longestSleep, (try await queue.nextWaking() ?? .distantFuture) - now)
        guard let due = try await queue.nextQuestion() else { return max(WorkLoop.shortestSleep, wait) }
        let readIn = max(try await nextReading() - steadyNow, client.pause(of: .followers) ?? .zero)
        if readIn <= .zero { try await readFollowers(now: now) }
        let askIn = max(due - now, paidUntil - Self.burst - steadyNow, client.pause(of: .relationships) ?? .zero)
        if askIn <= .zero {
            let owners = try await queue.ownersToAsk(limit: RelationshipClient.batchSize, now: now)
            if !owners.isEmpty {
                spend()
                try await checker.ask(about: owners)
                return .zero
            }
        }
        return readIn <= .zero ? .zero : max(WorkLoop.shortestSleep, min(wait, readIn, askIn))
    }

    /// Reports what became of requests and jobs; returns whether there was anything.
    private func report(_ applied: Applied) -> Bool {
        context.report(applied)
        return applied.hasReopened || !applied.outcomes.isEmpty
    }

    /// When followers are next to be read, by the steady clock.
    ///
    /// At a first start that is after one interval, because everybody who waits then was asked about a moment ago.
    private func nextReading() async throws(LedgerError) -> UnixTime {
        if lastRead == nil {
            let now = context.now
            let last = try await settings[Self.readSetting].flatMap { Double($0) }.map(UnixTime.init(seconds:))
            if last == nil { try await setRead() }
            // A clock that was ahead at that time must not delay anything.
            lastRead = context.steadyNow - min(interval, max(.zero, now - (last ?? now)))
        }
        return (lastRead ?? context.steadyNow) + interval
    }

    private func setRead() async throws(LedgerError) {
        lastRead = context.steadyNow
        try await settings.set(Self.readSetting, to: "\(context.now.seconds)")
    }

    /// Reads the latest followers until there are no new ones; the next step wakes the jobs that waited for them.
    private func readFollowers(now: UnixTime) async throws(LedgerError) {
        let known = try await settings[RecipientStore.followersSetting]?.split(separator: " ").map(String.init) ?? []
        let isKnown = Set(known)
        var latest: [String] = []
        var knownInARow = 0
        var cursor: String?
        // At most one question a second, however short the interval.
        for _ in 0..<max(1, min(Self.maximumPages, interval.wholeSeconds)) where !context.loops.keeping.isDraining {
            spend()
            let page: (followers: [DID], cursor: String?)
            // The pages read so far are not remembered: the next reading begins from the start.
            do { page = try await client.followers(after: cursor) } catch { return }
            try await recipients.follow(page.followers, now: now)
            for follower in page.followers.map(\.text) where knownInARow < Self.knownInARow {
                latest.append(follower)
                knownInARow = isKnown.contains(follower) ? knownInARow + 1 : 0
            }
            guard knownInARow < Self.knownInARow, let next = page.cursor, next != cursor else { break }
            cursor = next
        }
        let isLatest = Set(latest)
        let remembered = (latest + known.filter { !isLatest.contains($0) }).prefix(Self.rememberedFollowers)
        try await settings.set(RecipientStore.followersSetting, to: remembered.joined(separator: " "))
        try await setRead()
    }

    /// Takes one question from a budget of one a second.
    private func spend() { paidUntil = max(paidUntil, context.steadyNow) + min(.seconds(1), interval) }
}
