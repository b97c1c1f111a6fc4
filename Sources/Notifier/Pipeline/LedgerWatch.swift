internal import LedgerStorage
internal import Network

/// Notices two things that no loop is told of: a command has written to the ledger, or the machine's clock was set.
struct LedgerWatch: Sendable {
    let context: DeliveryContext
    let ledger: Ledger
    let queue: JobQueue

    private static let interval = Duration.seconds(2)

    /// Runs until its loop is drained.
    func run() async throws(LedgerError) {
        var offset = self.offset
        // The clock may have been set, or wrong, while the daemon did not run.
        try await correctWaits(before: nil)
        var known = try await ledger.version()
        try await context.loops.watching.run { () async throws(LedgerError) in
            let version = try await ledger.version()
            if version != known { context.loops.wakeAll() }
            known = version
            let found = self.offset
            if found - offset > Self.tolerance || offset - found > Self.tolerance {
                try await correct(by: found - offset)
                offset = found
            }
            return Self.interval
        }
    }

    /// How far the clock that dates rows is ahead of the one that nothing sets.
    private var offset: Duration {
        // The time between the two readings is not a step of the clock.
        let readings = (0..<3).map { _ in context.now - context.steadyNow }
        return readings.sorted()[1]
    }

    private static let tolerance = Duration.seconds(2)

    /// Adapts everything to the clock as it was set.
    private func correct(by step: Duration) async throws(LedgerError) {
        let before = context.now - step
        for dated in JobQueue.Dated.allCases {
            var last: JobQueue.DatedPlace?
            while !context.loops.watching.isDraining,
                let next = try await queue.correct(dated, before: before, by: step, after: last, now: context.now)
            { last = next }
        }
        try await correctWaits(before: before)
        context.loops.wakeAll()
    }

    private func correctWaits(before: UnixTime?) async throws(LedgerError) {
        var place: WaitPlace? = .dated
        while let current = place, !context.loops.watching.isDraining {
            place = try await queue.correctWaits(current, before: before, now: context.now)
        }
    }
}
