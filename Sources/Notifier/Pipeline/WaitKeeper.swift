internal import ATProtocol
internal import LedgerStorage
internal import Network

/// Empties the waiting room: wakes what waits for a follow, a setting, an account or a limit when that may have come to pass.
///
/// A new follow is found by reading the sender's latest followers once an interval, whatever the number that waits. What
/// that cannot find, follows that are backdated or indexed late, unfollows and blocks, is found by asking after everybody who
/// waits: once an interval while they are few, else as fast as a question a second allows.
actor WaitKeeper {
    private let context: DeliveryContext
    private let interval: Duration
    private let queue: JobQueue
    private let recipients: RecipientStore
    private let settings: Settings
    private let checker: AdmissionChecker
    private let client: RelationshipClient
    /// When followers were last read, by the steady clock, as the next; nil before the first step.
    private var lastRead: UnixTime?
    /// Until when the questions that were asked are paid for by one a second.
    private var paidUntil = UnixTime.distantPast

    /// So many known followers in a row mean that no new one is behind them.
    static let knownInARow = 50
    /// Latest followers that are remembered.
    static let rememberedFollowers = 200
    /// Pages of followers that are read at a time.
    static let maximumPages = 10
    /// Questions that may be asked at once, on credit.
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

    /// Does one thing, and says how long there is nothing else to do.
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

    /// Says what became of requests and jobs; whether there was anything.
    private func report(_ applied: Applied) -> Bool {
        context.report(applied)
        return applied.hasReopened || !applied.outcomes.isEmpty
    }

    /// When followers are to be read, by the steady clock; the first time an interval after the first start, for who waits then
    /// was just asked after.
    private func nextReading() async throws(LedgerError) -> UnixTime {
        if lastRead == nil {
            let now = context.now
            let last = try await settings[Self.readSetting].flatMap { Double($0) }.map(UnixTime.init(seconds:))
            if last == nil { try await setRead() }
            // A clock that was ahead then delays nothing.
            lastRead = context.steadyNow - min(interval, max(.zero, now - (last ?? now)))
        }
        return (lastRead ?? context.steadyNow) + interval
    }

    private func setRead() async throws(LedgerError) {
        lastRead = context.steadyNow
        try await settings.set(Self.readSetting, to: "\(context.now.seconds)")
    }

    /// Reads the latest followers until there are no new ones; those who are waited for are woken by the next step.
    private func readFollowers(now: UnixTime) async throws(LedgerError) {
        let known = try await settings[RecipientStore.followersSetting]?.split(separator: " ").map(String.init) ?? []
        let isKnown = Set(known)
        var latest: [String] = []
        var knownInARow = 0
        var cursor: String?
        // Never more than a question a second, however short the interval.
        for _ in 0..<max(1, min(Self.maximumPages, interval.wholeSeconds)) where !context.loops.keeping.isDraining {
            spend()
            let page: (followers: [DID], cursor: String?)
            // What was read before is not remembered: the next time begins anew.
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

    /// Pays for a question from a budget of one a second.
    private func spend() { paidUntil = max(paidUntil, context.steadyNow) + min(.seconds(1), interval) }
}
