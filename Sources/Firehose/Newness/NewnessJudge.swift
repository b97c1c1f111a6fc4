internal import ATProtocol
package import Network

/// Tells new records from old ones that are told again, by the arithmetic of their identifiers.
///
/// A create on the stream is not a new record: Jetstream sends every record of a repository again as a create when the
/// repository is resynchronised, imports write years of records in a minute, and both carry nothing that says so. What
/// there is are four times: that of the record's key, of its `createdAt`, of the commit's revision, and of when the
/// host saw it; and the `#sync` that goes before.
package struct NewnessJudge: Sendable {
    /// Revisions of replaced repositories that are remembered.
    private static let capacity = 4096
    /// No TID of the network is older than 2022-01-01; a key that merely looks like one may be any time.
    private static let oldestTime = UnixTime(microseconds: 1_640_995_200_000_000)
    /// Clocks of servers may be ahead by this much (atproto.com/specs/sync).
    private static let tolerance = Duration.seconds(5 * 60)

    private let window: Duration
    private var syncs: [String: String] = [:]
    private var order: [String] = []
    private var oldest = 0

    /// - Parameter window: a record that is older than its commit by more is not new.
    package init(window: Duration = .seconds(24 * 3600)) {
        self.window = window
    }

    /// Judges an event, and remembers it when it is a `#sync`.
    ///
    /// - Parameters:
    ///   - event: give all events, in the order of the stream.
    ///   - now: the time.
    /// - Returns: nil for anything but a record that is created or changed.
    package mutating func judge(_ event: StreamEvent, now: UnixTime) -> Newness? {
        switch event.body {
        case .sync(let rev):
            remember(event.did.text, rev)
            return nil
        case .commit(let commit) where commit.operation != .delete:
            let times = Times(commit, witnessed: event.position.witnessedAt, now: now)
            return judge(times, isCreate: commit.operation == .create, isResync: syncs[event.did.text] == commit.rev)
        default: return nil
        }
    }

    /// What there is to judge a record by.
    private struct Times {
        /// That of its key, if the key is a time.
        let key: UnixTime?
        /// What the record says itself.
        let created: UnixTime?
        let committed: UnixTime
        let witnessed: UnixTime
        let now: UnixTime

        init(_ commit: StreamEvent.Commit, witnessed: UnixTime, now: UnixTime) {
            key = time(commit.recordKey.text)
            created = commit.record?["createdAt"]?.string.flatMap { try? Datetime($0) }?.time
            committed = time(commit.rev) ?? now
            self.witnessed = witnessed
            self.now = now
        }

        /// The earliest: the author chose them, and pretending to be old only harms the author.
        var written: UnixTime { min(key ?? committed, created ?? committed, committed) }
    }

    private func judge(_ times: Times, isCreate: Bool, isResync: Bool) -> Newness {
        // Only what both clocks call old is: either may be ahead, the host's or ours.
        let isStale = min(times.witnessed, times.now + Self.tolerance) - times.written > window
        guard times.committed <= times.now + Self.tolerance,
            (times.key ?? times.committed) <= times.committed + Self.tolerance
        else { return isStale ? .stale : .misdated }
        let isKeyOld = times.key.map { times.committed - $0 > window } ?? false
        let isDateOld = times.created.map { times.committed - $0 > window } ?? false
        switch (isKeyOld, isDateOld) {
        case (true, _) where isCreate: return isResync ? .resync : .imported
        // A key that is no time, or a time of its own, leaves the date to decide.
        case (false, true) where isCreate: return isResync ? .resync : times.key == nil ? .imported : .backdated
        default: return isStale ? .stale : times.now - times.committed > window ? .late : .fresh
        }
    }

    /// The time of a key or a revision; nil for one that is none, or only looks like one.
    package static func time(_ text: String) -> UnixTime? {
        guard let time = (try? TID(text))?.time else { return nil }
        return time >= oldestTime ? time : nil
    }

    private mutating func remember(_ did: String, _ rev: String) {
        if syncs.updateValue(rev, forKey: did) == nil {
            if order.count < Self.capacity {
                order.append(did)
            } else {
                syncs[order[oldest]] = nil
                order[oldest] = did
                oldest = (oldest + 1) % Self.capacity
            }
        }
    }
}
