internal import LedgerStorage
internal import Network

/// Looks up the recipients of new requests, several at once.
actor Resolver {
    private let context: DeliveryContext
    private let queue: JobQueue
    private let judge: RequestJudge
    /// The requests whose look-ups are under way, and when each began.
    private var running: [Int64: ContinuousClock.Instant] = [:]
    private var failure: LedgerError?

    /// A look-up that takes longer makes room for another one, because strangers' hosts may be slow.
    private static let quickLookup = Duration.seconds(1)
    /// At most so many times the configured number of look-ups are under way.
    private static let maximumSlow = 8

    init(_ context: DeliveryContext, queue: JobQueue, judge: RequestJudge) {
        self.context = context
        self.queue = queue
        self.judge = judge
    }

    /// Runs until its loop is drained; look-ups under way are then cancelled, and begin again at the next start.
    func run() async throws(LedgerError) {
        await withDiscardingTaskGroup { group in
            do throws(LedgerError) {
                try await context.loops.resolving.run { () async throws(LedgerError) in
                    for job in try await self.begin() { group.addTask { await self.work(on: job) } }
                    return try await self.sleepLength()
                }
            } catch {
                failure = error
            }
            group.cancelAll()
        }
        if let failure { throw failure }
    }

    /// Takes as many requests as may be looked up now.
    private func begin() async throws(LedgerError) -> [Job] {
        if let failure { throw failure }
        let concurrency = context.configuration.lookup.concurrency
        let now = ContinuousClock.now
        let quick = running.values.count { now - $0 < Self.quickLookup }
        let room = min(concurrency - quick, concurrency * Self.maximumSlow - running.count)
        guard room > 0 else { return [] }
        let jobs = try await queue.dueLookups(limit: room, excluding: Set(running.keys), now: context.now)
        for job in jobs { running[job.request] = now }
        return jobs
    }

    private func sleepLength() async throws(LedgerError) -> Duration {
        // The end of a look-up wakes the loop, and a slow look-up makes room.
        guard running.isEmpty else { return Self.quickLookup }
        return max(WorkLoop.shortestSleep, (try await queue.nextLookup() ?? .distantFuture) - context.now)
    }

    private func work(on job: Job) async {
        do throws(LedgerError) {
            if let resolution = try await judge.resolution(of: job) { try await store(job, resolution) }
        } catch {
            failure = error
        }
        running[job.request] = nil
        context.loops.resolving.wake()
    }

    private func store(_ job: Job, _ resolution: Resolution) async throws(LedgerError) {
        // A cancelled look-up has no result.
        guard !Task.isCancelled else { return }
        context.reporter.report(try await queue.resolve(job, as: resolution, now: context.now))
        guard case .recipients = resolution else { return }
        context.loops.sending.wake()
        context.loops.keeping.wake()
        context.loops.mentioning.wake()
    }
}
