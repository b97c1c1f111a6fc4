package import Firehose
package import Logging
package import Network

/// Closes the gaps of the stream: a gap that another host was read over is covered; others are swept twice over HTTP.
///
/// One round asks every author once for everything that lies in the open gaps. A round and its answers are rows, so a
/// restart goes on where it was. An answer becomes a row together with the records that it brought. Those who do not
/// answer are asked again, at growing intervals, for some days. What a round finds takes the same way as stream events.
package actor GapBackfiller {
    private let backfill: GapBackfill
    private let store: any GapStore
    private let hosts: HostCoverage
    private let batchQueue: BatchQueue
    private let interval: Duration
    private let steady: any WallClock
    private let logger: Logger

    /// The round under way, as it is stored, and what this process has done for it.
    private var round: SweepRound?
    private var passes = 0
    /// When authors were last asked for a gap, by the steady clock; the time that a pass itself takes does not count as
    /// waiting.
    private var lastPass: [OpenGap.ID: UnixTime] = [:]
    private var nextPass = UnixTime.distantPast
    /// Where the next pass goes on with authors who were read in part.
    private var places: [SweepPair: String] = [:]
    /// The gaps of this round that are swept for the second time, if this process began the round.
    private var settled: [OpenGap.ID] = []
    /// The round that ends as soon as what it found is stored.
    private var ending: SweepRound.ID?
    /// When gaps that were swept once are due again, by the steady clock.
    private var due: [OpenGap.ID: UnixTime] = [:]
    /// What to log about gaps when their rows are closed.
    private var closing: [OpenGap.ID: Closing] = [:]
    private var isStoreFailing = false

    /// How long authors whose servers do not answer are asked, restarts included.
    private static let patience = Duration.seconds(3 * 86_400)
    /// How long authors whose servers cannot be reached at all are asked, if they are few.
    private static let unreachablePatience = Duration.seconds(86_400)
    /// How long to ask where days of asking would not help: a directory, an author without a server, or one with too
    /// many records.
    private static let shortPatience = Duration.seconds(6 * 3600)
    private static let pieceSize = 50
    private static let longestWait = Duration.seconds(6 * 3600)

    private struct Closing {
        let gap: OpenGap
        let words: String
        var level = Logger.Level.notice
        /// The round that is to close the gap; the gap may stay open afterwards, until its second sweep.
        var round: SweepRound.ID?
        var details: Logger.Metadata = [:]
    }

    /// A backfiller that does nothing yet.
    ///
    /// - Parameters:
    ///   - backfill: asks the authors' servers.
    ///   - store: has the gaps, and knows what was seen.
    ///   - hosts: says what other hosts have read meanwhile.
    ///   - batchQueue: takes what is found, behind what the streams brought: ``StreamFollower/entrance``.
    ///   - interval: how often the ledger is asked for gaps.
    ///   - steady: a clock that nobody sets.
    ///   - logger: gets a line for each gap that is closed.
    package init(
        backfill: GapBackfill,
        store: any GapStore,
        hosts: HostCoverage,
        batchQueue: BatchQueue,
        interval: Duration = .seconds(30),
        steady: any WallClock = SystemClock(),
        logger: Logger
    ) {
        self.backfill = backfill
        self.store = store
        self.hosts = hosts
        self.batchQueue = batchQueue
        self.interval = interval
        self.steady = steady
        self.logger = logger
    }

    /// Runs until cancelled.
    package func run() async {
        repeat {
            do {
                try await step()
                isStoreFailing = false
            } catch {
                if !isStoreFailing, !Task.isCancelled {
                    logger.error(
                        "the open gaps cannot be read from the ledger; tried again",
                        metadata: ["detail": "\(error)"]
                    )
                }
                isStoreFailing = true
            }
        } while (try? await ContinuousClock().sleep(for: interval)) != nil
    }

    /// Does what is due now.
    func step() async throws {
        // This order matters: a round that is over has closed its gaps.
        let stored = try await store.round()
        let gaps = try await store.openGaps()
        let open = Set(gaps.map(\.id))
        for (id, closing) in closing where !open.contains(id) { report(closing) }
        closing = closing.filter { open.contains($0.key) }
        // Begin nothing before what was found is stored.
        guard ending == nil || stored?.id != ending else { return }
        if ending != nil || round?.id != stored?.id {
            closing = closing.filter { $0.value.round == nil }
            (round, passes, lastPass, nextPass, ending) = (stored, 0, [:], .distantPast, nil)
            (settled, places) = ([], [:])
        }
        let left = await uncovered(gaps)
        let isNewerLeft = left.contains { $0.id > round?.gap ?? 0 }
        if let round, left.contains(where: { $0.id <= round.gap }), passes == 0 || !isNewerLeft {
            guard nextPass <= steady.now() else { return }
            return try await pass(round, gaps)
        }
        guard let last = gaps.last, left.contains(where: isDue) else { return }
        let window = (gaps.map(\.gap.from).min() ?? 0)...(gaps.map(\.gap.until).max() ?? 0)
        let next = try await store.beginRound(upTo: last.id, window: window, at: backfill.now)
        (round, passes, places) = (next, 0, [:])
        settled = left.filter { $0.sweptAt != nil && isDue($0) }.map(\.id)
        try await pass(next, gaps)
    }

    /// The gaps that no other host has read over, or is about to; closes those that one has.
    private func uncovered(_ gaps: [OpenGap]) async -> [OpenGap] {
        var left: [OpenGap] = []
        for gap in gaps where closing[gap.id] == nil {
            switch hosts.coverage(of: gap.gap) {
            case .underway: continue
            case .covered(let host):
                await hand(over: .covered(gap.id))
                closing[gap.id] = Closing(gap: gap, words: "gap covered by another host", details: ["by": "\(host)"])
            case .none: left.append(gap)
            }
        }
        return left
    }

    /// Whether a gap is due for its first sweep, or for its second.
    private func isDue(_ gap: OpenGap) -> Bool {
        guard let sweptAt = gap.sweptAt else {
            due[gap.id] = nil
            return true
        }
        let now = steady.now()
        // Computed once: the clock that dated the row may be set meanwhile.
        let time = due[gap.id] ?? now + min(backfill.settling, max(.zero, sweptAt + backfill.settling - backfill.now))
        due[gap.id] = time
        return time <= now
    }

    private func pass(_ round: SweepRound, _ gaps: [OpenGap]) async throws {
        let gaps = gaps.filter { $0.id <= round.gap && closing[$0.id] == nil }
        let answered = try await store.answered(in: round.id)
        var knowledge = try await store.sweepKnowledge()
        // When only gaps of accounts are open, only these accounts are asked.
        let accounts = gaps.map(\.gap.account)
        if !accounts.contains(nil) { knowledge.accounts = Set(accounts.compactMap(\.self)) }
        let report = await backfill.run(
            over: round.window,
            by: knowledge,
            answered: answered,
            goingOnAt: places
        ) { [store] uri in
            (try? await store.knows(uri)) ?? false
        } waiting: { [store] pair in
            (try? await store.waiting(of: pair)) ?? []
        } deliver: { [self] pair, events, isAll in
            await hand(over: isAll ? SweepStep.answered(pair, round: round.id) : nil, behind: events)
        }
        guard !Task.isCancelled else { return }
        places = report.places
        var details: Logger.Metadata = [
            "found": .stringConvertible(report.found), "known": .stringConvertible(report.known),
            "failed": .stringConvertible(report.failures.count),
            "authors": .stringConvertible(report.authors), "changed": .stringConvertible(report.changed),
        ]
        guard let failure = report.example else {
            backfill.log(report, round.window)
            ending = round.id
            for gap in gaps {
                closing[gap.id] = Closing(gap: gap, words: "gap closed", round: round.id, details: details)
            }
            return await hand(over: .ended(round.id, settled: settled, settling: backfill.settling))
        }
        let now = steady.now()
        // A single pass is never enough to give up.
        let waited: [OpenGap.ID: Duration] = gaps.reduce(into: [:]) { $0[$1.id] = now - (lastPass[$1.id] ?? now) }
        let (next, patience) = ((interval * 2).doubled(passes, atMost: Self.longestWait), self.patience(report))
        let over = gaps.filter { $0.tried + waited[$0.id, default: .zero] >= patience }
        backfill.log(report, round.window, next: over.count < gaps.count ? next : nil)
        let wait = SweepWait(unanswered: report.unanswered(failure), nextAt: backfill.now + next, patience: patience)
        try await store.note(wait, waited: waited)
        for gap in gaps { lastPass[gap.id] = now }
        nextPass = now + next
        passes += 1
        details["example"] = "\(failure.description)"
        let outcome = Self.outcome(report)
        for gap in over {
            await hand(over: .givenUp(gap.id))
            closing[gap.id] = Closing(gap: gap, words: outcome.words, level: outcome.level, details: details)
        }
    }

    /// How long those who do not answer for a gap are asked.
    private func patience(_ report: SweepReport) -> Duration {
        // After the settling time of directories, an author whom none of them names is named by none.
        if report.onlyLacksAuthors { return backfill.settling }
        if report.isAllThatCanBeHad { return Self.shortPatience }
        return report.lacksOnlyTheUnreachable ? Self.unreachablePatience : Self.patience
    }

    /// The words and the level for a gap that is closed without a complete answer from everybody.
    private static func outcome(_ report: SweepReport) -> (words: String, level: Logger.Level) {
        if report.lacksMuch { return ("gap given up: some servers never answered", .error) }
        if report.parts > 0 { return ("gap given up: some repositories were read only in part", .warning) }
        if report.isOfAccounts { return ("gap given up: the author's server never answered", .notice) }
        return ("gap closed: all who could be asked have answered", .notice)
    }

    private func report(_ closing: Closing) {
        due[closing.gap.id] = nil
        let gap = closing.gap.gap
        var metadata: Logger.Metadata = [
            (gap.account == nil ? "host" : "did"): "\(gap.host)", "reason": "\(gap.reason.rawValue)",
        ]
        metadata.merge(closing.details) { $1 }
        if closing.level >= .warning {
            metadata["run"] = "impact-notifier sweep --since \(UnixTime(microseconds: gap.from))"
        }
        if closing.level == .error { StreamMetrics.gapGivenUp() }
        logger.log(level: closing.level, "\(closing.words)", metadata: metadata)
    }

    /// Hands over what was found, and then the step that follows from it, if any, in pieces of one transaction each.
    private func hand(over step: SweepStep?, behind events: [StreamEvent] = []) async {
        var left = events[...]
        guard step != nil || !left.isEmpty else { return }
        repeat {
            var batch = StreamBatch(events: Array(left.prefix(Self.pieceSize)))
            left = left.dropFirst(Self.pieceSize)
            if left.isEmpty { batch.sweep = step }
            while !Task.isCancelled, !batchQueue.offer(batch) { await batchQueue.waitForRoom() }
        } while !left.isEmpty
    }
}
