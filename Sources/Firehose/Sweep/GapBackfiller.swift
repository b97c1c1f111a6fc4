public import Logging
internal import Network

/// Closes the gaps of the stream: one that another host was read over is covered, the others are swept over plain HTTP
/// until every author was asked, or for three days.
///
/// The gaps are rows, so a restart goes on where it was; what a sweep finds goes the way of everything that the stream
/// brings.
public struct GapBackfiller: Sendable {
    private let sweep: GapSweep
    private let store: any GapStore
    private let hosts: HostComparison
    private let mailbox: StreamMailbox
    private let interval: Duration
    private let logger: Logger

    /// Authors whose servers have not answered for so long, while this process has asked them, are not waited for.
    private static let patience = Duration.seconds(3 * 86_400)

    /// A backfiller that does nothing yet.
    ///
    /// - Parameters:
    ///   - sweep: asks the authors' servers.
    ///   - store: has the gaps, and knows what was seen.
    ///   - hosts: tells what was read meanwhile.
    ///   - mailbox: takes what is found, behind what the streams brought: ``StreamFollower/entrance``.
    ///   - interval: how often the ledger is asked for gaps.
    ///   - logger: takes a line for each gap that is closed.
    public init(
        sweep: GapSweep,
        store: any GapStore,
        hosts: HostComparison,
        mailbox: StreamMailbox,
        interval: Duration = .seconds(30),
        logger: Logger
    ) {
        self.sweep = sweep
        self.store = store
        self.hosts = hosts
        self.mailbox = mailbox
        self.interval = interval
        self.logger = logger
    }

    /// Runs until cancelled.
    public func run() async {
        var sweeps: [OpenGap.ID: (backoff: Backoff, since: ContinuousClock.Instant, due: ContinuousClock.Instant)] = [:]
        // Those that only wait for what was found to be stored, and what is to be said then.
        var closing: [OpenGap.ID: Closing] = [:]
        repeat {
            guard let gaps = try? await store.openGaps() else { continue }
            let open = Set(gaps.map(\.id))
            for (id, closing) in closing where !open.contains(id) { report(closing) }
            closing = closing.filter { open.contains($0.key) }
            for gap in gaps where closing[gap.id] == nil {
                var state = sweeps[gap.id] ?? (Backoff(base: interval * 2, limit: .seconds(6 * 3600)), .now, .now)
                guard state.due <= .now else { continue }
                switch hosts.coverage(of: gap.gap) {
                case .underway: continue
                case .covered(let host):
                    await close(gap)
                    closing[gap.id] = Closing(gap: gap, words: "gap covered by another host", details: ["by": host])
                case .none:
                    if let swept = await swept(gap, since: state.since) {
                        sweeps[gap.id] = nil
                        closing[gap.id] = swept
                    } else {
                        state.due = .now + max(interval, state.backoff.next())
                        sweeps[gap.id] = state
                    }
                }
            }
        } while (try? await ContinuousClock().sleep(for: interval)) != nil
    }

    /// What is said of a gap once the row is closed.
    private struct Closing {
        let gap: OpenGap
        let words: String
        var isGivenUp = false
        var details: [String: String]
    }

    /// Sweeps a gap and hands its closing over; nil when it has to be done again.
    private func swept(_ gap: OpenGap, since: ContinuousClock.Instant) async -> Closing? {
        guard let seen = try? await store.seenCollections() else { return nil }
        let report = await sweep.run(from: gap.gap.from, until: gap.gap.until, seen: seen) { [store] uri in
            (try? await store.knows(uri)) ?? false
        } deliver: { events in
            await hand(over: StreamBatch(events: events))
        }
        guard !Task.isCancelled else { return nil }
        let isGivenUp = .now - since > Self.patience
        guard report.isComplete || isGivenUp else { return nil }
        await close(gap)
        return Closing(
            gap: gap,
            words: report.isComplete ? "gap closed" : "gap given up: some authors were never reached",
            isGivenUp: !report.isComplete,
            details: [
                "found": "\(report.found)", "known": "\(report.known)", "failed": "\(report.failures.count)",
            ]
        )
    }

    /// Closes a gap behind what was found, or what covers it: not before that is stored.
    private func close(_ gap: OpenGap) async {
        var last = StreamBatch()
        last.closedGap = gap.id
        await hand(over: last)
    }

    private func report(_ closing: Closing) {
        var metadata: Logger.Metadata = [
            "host": "\(closing.gap.gap.host)", "reason": "\(closing.gap.gap.reason.rawValue)",
        ]
        for (key, value) in closing.details { metadata[key] = "\(value)" }
        logger.log(level: closing.isGivenUp ? .error : .notice, "\(closing.words)", metadata: metadata)
    }

    private func hand(over batch: StreamBatch) async {
        while !Task.isCancelled, !mailbox.offer(batch) { await mailbox.waitForRoom() }
    }
}
