internal import ATProtocol
public import Firehose
public import Logging
public import Network

/// Closes the gaps of the stream: one that another host was read over is covered, the others are swept over plain HTTP
/// until every author was asked, or for three days.
///
/// The gaps are rows, so a restart goes on where it was; what a sweep finds goes the way of everything that the stream
/// brings.
public struct GapKeeper: Sendable {
    private let sweep: GapSweep
    private let ledger: Ledger
    private let hosts: HostComparison
    private let mailbox: StreamMailbox
    private let clock: any WallClock
    private let interval: Duration
    private let logger: Logger

    /// Authors whose servers have not answered for so long are not waited for, in seconds.
    private static let patience = 3 * 86_400.0

    /// A keeper that does nothing yet.
    ///
    /// - Parameters:
    ///   - sweep: asks the authors' servers.
    ///   - ledger: has the gaps, and knows what was seen.
    ///   - hosts: tells what was read meanwhile.
    ///   - mailbox: takes what is found, behind what the streams brought: ``StreamFollower/entrance``.
    ///   - clock: the date.
    ///   - interval: how often the ledger is asked for gaps.
    ///   - logger: takes a line for each gap that is closed.
    public init(
        sweep: GapSweep,
        ledger: Ledger,
        hosts: HostComparison,
        mailbox: StreamMailbox,
        clock: any WallClock = SystemClock(),
        interval: Duration = .seconds(30),
        logger: Logger
    ) {
        self.sweep = sweep
        self.ledger = ledger
        self.hosts = hosts
        self.mailbox = mailbox
        self.clock = clock
        self.interval = interval
        self.logger = logger
    }

    /// Runs until cancelled.
    public func run() async {
        var backoffs: [OpenGap.ID: (backoff: Backoff, due: ContinuousClock.Instant)] = [:]
        // Those that only wait for what was found to be stored.
        var closing: Set<OpenGap.ID> = []
        repeat {
            guard let gaps = try? await ledger.openGaps() else { continue }
            closing.formIntersection(gaps.map(\.id))
            for gap in gaps where !closing.contains(gap.id) {
                var state = backoffs[gap.id] ?? (Backoff(base: interval * 2, limit: .seconds(6 * 3600)), .now)
                guard state.due <= .now else { continue }
                switch hosts.coverage(of: gap.gap) {
                case .underway: continue
                case .covered(let host):
                    await close(gap)
                    guard !Task.isCancelled else { return }
                    closing.insert(gap.id)
                    report(gap, coveredBy: host)
                case .none:
                    if await isSwept(gap) {
                        backoffs[gap.id] = nil
                        closing.insert(gap.id)
                    } else {
                        state.due = .now + max(interval, state.backoff.next())
                        backoffs[gap.id] = state
                    }
                }
            }
        } while (try? await ContinuousClock().sleep(for: interval)) != nil
    }

    private func isSwept(_ gap: OpenGap) async -> Bool {
        let report = await sweep.run(from: gap.gap.from, until: gap.gap.until) { [ledger] uri in
            (try? await ledger.knows(uri)) ?? false
        } deliver: { events in
            await hand(over: StreamBatch(events: events))
        }
        guard !Task.isCancelled else { return false }
        let isGivenUp = clock.now() - gap.noticedAt > Self.patience
        guard report.isComplete || isGivenUp else { return false }
        await close(gap)
        guard !Task.isCancelled else { return false }
        var metadata = metadata(of: gap)
        metadata["found"] = "\(report.found)"
        metadata["known"] = "\(report.known)"
        metadata["failed"] = "\(report.failures.count)"
        if report.isComplete {
            logger.notice("gap closed", metadata: metadata)
        } else {
            logger.error("gap given up: some authors were never reached", metadata: metadata)
        }
        return true
    }

    /// Closes a gap behind what was found, or what covers it: not before that is stored.
    private func close(_ gap: OpenGap) async {
        var last = StreamBatch()
        last.closedGap = gap.id
        await hand(over: last)
    }

    private func report(_ gap: OpenGap, coveredBy host: String) {
        var metadata = metadata(of: gap)
        metadata["by"] = "\(host)"
        logger.notice("gap covered by another host", metadata: metadata)
    }

    private func metadata(of gap: OpenGap) -> Logger.Metadata {
        ["host": "\(gap.gap.host)", "reason": "\(gap.gap.reason.rawValue)"]
    }

    private func hand(over batch: StreamBatch) async {
        while !Task.isCancelled, !mailbox.offer(batch) { await mailbox.waitForRoom() }
    }
}
