internal import ATProtocol

/// Compares what several hosts deliver of the same network, and finds out which of them missed an event.
///
/// A host is judged by its own time, not by the wall clock: when it has delivered events that are a window later than
/// one that it did not deliver, it has missed that one. So a host that is down, stalled or behind is not blamed. Memory
/// is bounded; an event that has been dropped from it is not judged any more.
struct MissDetector: Sendable {
    /// A stretch of time for which a host was read without a break.
    struct Stretch: Sendable, Equatable {
        var since: Int64
        var until: Int64
    }

    /// What is known about one host.
    struct Account: Sendable, Equatable {
        var isConnected = false
        var isCompressed = false
        var stretch: Stretch?
        var missed = 0
        var late = 0
        /// How many events, counted from the first that arrived, have been judged for this host.
        fileprivate var judged = 0
    }

    /// An event that a host did not deliver in time.
    struct Miss: Sendable, Equatable {
        let host: Upstream
        let uri: String
        /// The host that delivered it.
        let source: Upstream
    }

    /// The result of one batch from a host.
    struct Findings: Sendable, Equatable {
        var misses: [Miss] = []
        var late = 0
    }

    private struct Entry {
        let uri: String
        var witnessed: Int64
        let source: Upstream
        var deliveredBy: Set<Upstream>
        var missedBy: Set<Upstream> = []
    }

    /// How many events are remembered.
    static let capacity = 2048

    private let window: Int64
    /// All hosts that have been connected.
    private(set) var accounts: [Upstream: Account] = [:]
    private var entries: [UInt64: Entry] = [:]
    /// The digests in order of first arrival; a ring buffer once it is full.
    private var order: [UInt64] = []
    private var arrived = 0
    /// Events up to this time may have been dropped from memory.
    private var horizon = Int64.min

    /// - Parameter window: how far two hosts may be apart in time, in microseconds.
    init(window: Int64) { self.window = window }

    mutating func opened(_ host: Upstream, isCompressed: Bool) {
        accounts[host, default: Account()].isConnected = true
        accounts[host]?.isCompressed = isCompressed
    }

    mutating func ended(_ host: Upstream) { accounts[host]?.isConnected = false }

    /// Begins a stretch: whatever is before this time was not provably read.
    mutating func begin(_ host: Upstream, at time: Int64) {
        accounts[host, default: Account()].stretch = Stretch(since: time, until: time)
    }

    /// Continues the stretch of the last connection, or begins one if there was none.
    mutating func resume(_ host: Upstream, at time: Int64) {
        if accounts[host]?.stretch == nil { begin(host, at: time) }
    }

    /// Records the events that a host delivered.
    ///
    /// - Parameters:
    ///   - events: the wanted commits.
    ///   - host: the host that delivered them.
    ///   - time: up to which the host has been read; nil when it is not proven that its stretch continues.
    /// - Returns: the events that this host turns out to have missed, and how many came late.
    mutating func receive(_ events: [StreamEvent], from host: Upstream, until time: Int64?) -> Findings {
        var findings = Findings()
        for event in events where !event.isRetold { receive(event, from: host, into: &findings) }
        guard let time, var account = accounts[host], var stretch = account.stretch else { return findings }
        if time < stretch.until - WitnessClock.tolerance { correct(&stretch, to: time) }
        stretch.until = max(stretch.until, time)
        account.stretch = stretch
        account.judged = max(account.judged, arrived - order.count)
        while account.judged < arrived {
            let digest = order[account.judged % Self.capacity]
            if let entry = entries[digest], !entry.deliveredBy.contains(host), entry.witnessed >= stretch.since + window
            {
                guard entry.witnessed <= stretch.until - window else { break }
                entries[digest]?.missedBy.insert(host)
                account.missed += 1
                findings.misses.append(Miss(host: host, uri: entry.uri, source: entry.source))
            }
            account.judged += 1
        }
        accounts[host] = account
        return findings
    }

    /// Corrects what was recorded while the host's time was ahead of the true time.
    private mutating func correct(_ stretch: inout Stretch, to time: Int64) {
        stretch = Stretch(since: min(stretch.since, time), until: time)
        horizon = min(horizon, time)
        for (digest, entry) in entries where entry.witnessed > time { entries[digest]?.witnessed = time }
    }

    private mutating func receive(_ event: StreamEvent, from host: Upstream, into findings: inout Findings) {
        let digest = event.digest
        guard var entry = entries[digest] else {
            // It is no longer known which other hosts have delivered it.
            guard event.position.witnessed > horizon, let uri = event.recordURI?.text else { return }
            remember(digest, Entry(uri: uri, witnessed: event.position.witnessed, source: host, deliveredBy: [host]))
            return
        }
        if entry.missedBy.remove(host) != nil {
            accounts[host]?.late += 1
            findings.late += 1
        }
        entry.deliveredBy.insert(host)
        entries[digest] = entry
    }

    private mutating func remember(_ digest: UInt64, _ entry: Entry) {
        entries[digest] = entry
        if order.count < Self.capacity {
            order.append(digest)
        } else {
            let place = arrived % Self.capacity
            if let forgotten = entries.removeValue(forKey: order[place]) { horizon = max(horizon, forgotten.witnessed) }
            order[place] = digest
        }
        arrived += 1
    }
}

extension StreamEvent {
    /// Whether it is an old record that only a Jetstream v2 sends again, after a resynchronisation.
    fileprivate var isRetold: Bool {
        guard case .commit(let commit) = body, commit.operation == .create, let key = try? TID(commit.recordKey.text),
            let rev = try? TID(commit.rev)
        else { return false }
        return Int64(rev.microseconds) - Int64(key.microseconds) > 86_400_000_000
    }
}
