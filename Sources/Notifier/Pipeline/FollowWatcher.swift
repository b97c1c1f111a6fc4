internal import ATProtocol
internal import Logging
internal import Network

/// Asks the AppView whether the owners who are waited for follow the sender, thirty at a time.
///
/// Public data, read without login: `app.bsky.graph.getRelationships`.
actor FollowWatcher {
    private let configuration: NotifierConfiguration
    private let sender: DID
    private let queue: JobQueue
    private let suppressions: SuppressionList
    private let recipients: RecipientStore
    private let reporter: OutcomeReporter
    private let http: any HTTPClient
    private let wallClock: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let bell = Bell()
    private let found: @Sendable () -> Void
    private var failures = 0
    private var isDraining = false

    /// The most accounts that one question may name.
    static let batchSize = 30

    init(
        configuration: NotifierConfiguration,
        sender: DID,
        ledger: Ledger,
        reporter: OutcomeReporter,
        http: any HTTPClient,
        wallClock: any WallClock,
        clock: any Clock<Duration>,
        logger: Logger,
        found: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        self.sender = sender
        queue = ledger.queue(Timetable(configuration))
        suppressions = ledger.suppressions
        recipients = ledger.recipients
        self.reporter = reporter
        self.http = http
        self.wallClock = wallClock
        self.clock = clock
        self.logger = logger
        self.found = found
    }

    /// Runs until ``drain()``.
    func run() async throws(LedgerError) {
        while !isDraining {
            let now = wallClock.now()
            let owners = try await queue.ownersAwaitingFollow(limit: Self.batchSize, now: now)
            guard owners.isEmpty else {
                try await ask(about: owners, now: now)
                continue
            }
            let due = try await queue.nextFollowCheck() ?? .infinity
            let wait = min(max(0.05, due - now), ChatSender.longestSleep)
            if !isDraining { await bell.wait(atMost: .seconds(wait), on: clock) }
        }
    }

    /// Ends ``run()`` after the question under way.
    func drain() {
        isDraining = true
        bell.ring()
    }

    /// There may be somebody new to ask after.
    nonisolated func wake() { bell.ring() }

    private func ask(about owners: [DID], now: Double) async throws(LedgerError) {
        let interval = configuration.policy.followInterval.inSeconds
        guard let relationships = await relationships(with: owners) else {
            failures += 1
            let wait = min(interval, 15 * Double(1 << min(failures, 10)))
            logger.warning(
                "relationships unknown",
                metadata: ["reason": "\(Reason.relationshipUnknown.rawValue)", "next_s": "\(Int(wait))"]
            )
            return try await queue.askAgain(about: Set(owners), in: wait, now: now)
        }
        failures = 0
        for owner in owners where relationships[owner]?.isBlocked == true {
            reporter.report(try await suppressions.suppress(owner, .ownerBlocked, now: now))
        }
        try await recipients.store(relationships.mapValues(\.isFollower), now: now)
        let followers = Set(owners.filter { relationships[$0]?.isFollower == true })
        reporter.report(try await queue.applyToAwaiting(followers, .wakened, now: now))
        let others = Set(owners).subtracting(followers)
        reporter.report(
            try await queue.applyToAwaiting(others, .admitted(.waits(.ownerNotFollowing)), wait: interval, now: now)
        )
        try await queue.askAgain(about: others, in: interval, now: now)
        if !followers.isEmpty { found() }
    }

    private struct Relationship {
        let isFollower: Bool
        let isBlocked: Bool
    }

    private func relationships(with owners: [DID]) async -> [DID: Relationship]? {
        guard let appView = configuration.lookup.appView else { return nil }
        let url = appView.with(
            path: "/xrpc/app.bsky.graph.getRelationships",
            query: [("actor", sender.text)] + owners.map { ("others", $0.text) }
        )
        guard let response = try? await http.send(HTTPRequest(.get, url, timeout: .seconds(20))), response.isSuccess,
            let list = try? JSONValue(parsing: response.body)["relationships"]?.array
        else { return nil }
        var found: [DID: Relationship] = [:]
        for entry in list {
            guard let did = entry["did"]?.string.flatMap({ try? DID($0) }) else { continue }
            let blocks = ["blocking", "blockedBy", "blockingByList", "blockedByList"]
            found[did] = Relationship(
                isFollower: entry["followedBy"]?.string != nil,
                isBlocked: blocks.contains { entry[$0]?.string != nil }
            )
        }
        return found
    }
}
