internal import ATProtocol
package import Network

/// Distinguishes new records from old ones that are sent again, by comparing their times.
///
/// A create on the stream need not be a new record. Jetstream sends all records of a repository as creates when the
/// repository is resynchronised, and an import writes years of records in a minute. Nothing in the events says so. But
/// there are four times: of the record's key, of its `createdAt`, of the commit's revision, and of when the host saw
/// it. And a `#sync` comes before a resynchronisation.
package struct FreshnessClassifier: Sendable {
    /// How many revisions of replaced repositories are remembered.
    private static let capacity = 4096
    /// No TID of the network is older than 2022-01-01; a key that only looks like a TID may have any time.
    private static let oldestTime = UnixTime(microseconds: 1_640_995_200_000_000)
    /// How far servers' clocks may be ahead (atproto.com/specs/sync).
    private static let tolerance = Duration.seconds(5 * 60)

    private let window: Duration
    private var syncs: [String: String] = [:]
    private var order: [String] = []
    private var oldest = 0

    /// - Parameter window: a record older than its commit by more than this is not new.
    package init(window: Duration = .seconds(24 * 3600)) {
        self.window = window
    }

    /// Judges an event; remembers each `#sync`.
    ///
    /// - Parameters:
    ///   - event: all events must be passed in, in the order of the stream.
    ///   - now: the current time.
    /// - Returns: nil unless the event creates or changes a record.
    package mutating func classify(_ event: StreamEvent, now: UnixTime) -> Freshness? {
        switch event.body {
        case .sync(let rev):
            remember(event.did.text, rev)
            return nil
        case .commit(let commit) where commit.operation != .delete:
            let times = Times(commit, witnessed: event.position.witnessedAt, now: now)
            return classify(times, isCreate: commit.operation == .create, isResync: syncs[event.did.text] == commit.rev)
        default: return nil
        }
    }

    /// The times by which a record is judged.
    private struct Times {
        /// The time of its key, if the key is a TID.
        let key: UnixTime?
        /// The record's `createdAt`.
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

        /// The earliest time; the author chooses the times, but gains nothing by an early one.
        var written: UnixTime { min(key ?? committed, created ?? committed, committed) }
    }

    private func classify(_ times: Times, isCreate: Bool, isResync: Bool) -> Freshness {
        // Old by both clocks, because the host's clock or ours may be ahead.
        let isStale = min(times.witnessed, times.now + Self.tolerance) - times.written > window
        guard times.committed <= times.now + Self.tolerance,
            (times.key ?? times.committed) <= times.committed + Self.tolerance
        else { return isStale ? .stale : .misdated }
        let isKeyOld = times.key.map { times.committed - $0 > window } ?? false
        let isDateOld = times.created.map { times.committed - $0 > window } ?? false
        switch (isKeyOld, isDateOld) {
        case (true, _) where isCreate: return isResync ? .resync : .imported
        // If the key is no time, or a recent one, the date decides.
        case (false, true) where isCreate: return isResync ? .resync : times.key == nil ? .imported : .backdated
        default: return isStale ? .stale : times.now - times.committed > window ? .late : .fresh
        }
    }

    /// The time of a key or a revision; nil when it is no TID, or only looks like one.
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
