internal import Synchronization

/// Decides whether a host that sends no events is broken.
///
/// Silence alone does not mean that: a small network may have no event for hours, and pings show whether the connection
/// is alive. Only other hosts can show that an event should have come. If other hosts are being read, a host is left
/// when they have delivered events for a while and it has not. Otherwise a new connection is made after a silence, to
/// another host if there is one, because a server may have forgotten a subscription whose socket it keeps. The silence
/// that is allowed grows each time, until events arrive as on a busy network.
///
/// The readers of all hosts share it, and pass in the times of their own clock.
final class QuietWatch: Sendable {
    /// What to do about a host.
    enum Verdict: Sendable, Equatable {
        /// Go on.
        case stay
        /// Go on, but log that the host is quiet for the first time.
        case stayAndSay
        /// Leave the host: other hosts deliver events.
        case stalled
        /// Make a new connection, to another host or the same, to see whether it is also quiet.
        case askAgain
    }

    private struct State {
        /// The silence after which a new connection is made.
        var patience: Duration
        var reading: Set<String> = []
        /// For each host, since when other hosts have delivered events that it did not.
        var behindSince: [String: ContinuousClock.Instant] = [:]
        /// For each host that was left, how long to wait next time.
        var nextPatience: [String: Duration] = [:]
        /// When each host last delivered an event.
        var lastHeard: [String: ContinuousClock.Instant] = [:]
        /// When any host last delivered an event.
        var last: ContinuousClock.Instant?
        /// Since when there has been no silence.
        var busySince: ContinuousClock.Instant?
        var isSaid = false
    }

    /// The upper limit for each of these waits.
    static let longestPatience = Duration.seconds(6 * 3600)

    /// The shortest silence that counts.
    let timeout: Duration
    private let state: Mutex<State>

    /// - Parameter timeout: the shortest silence that counts.
    init(timeout: Duration) {
        self.timeout = timeout
        state = Mutex(State(patience: timeout))
    }

    /// Records that a host is being read.
    func begin(_ host: String) { state.withLock { _ = $0.reading.insert(host) } }

    /// Records that a host is no longer read.
    func end(_ host: String) {
        state.withLock { state in
            state.reading.remove(host)
            state.behindSince[host] = nil
        }
    }

    /// Records that a host delivered a new event.
    ///
    /// - Parameters:
    ///   - host: the name of the host.
    ///   - isForAll: whether every host delivers it, whatever its wire and filter. Then hosts that have been silent for
    ///     a while are behind; one that was heard recently may have delivered the same event just before.
    ///   - now: the current time.
    func heard(_ host: String, isForAll: Bool, at now: ContinuousClock.Instant) {
        state.withLock { state in
            state.behindSince[host] = nil
            state.nextPatience[host] = nil
            state.lastHeard[host] = now
            for other in state.reading where isForAll && other != host && state.behindSince[other] == nil {
                guard state.lastHeard[other].map({ now - $0 >= timeout }) ?? true else { continue }
                state.behindSince[other] = now
            }
            let wasSilent = state.last.map { now - $0 >= timeout } ?? true
            let busySince = wasSilent ? now : state.busySince ?? now
            state.busySince = busySince
            state.last = now
            // One hour of silence in the whole network must not make us as patient with a host for days.
            guard now - busySince >= min(state.patience, timeout * 10) else { return }
            state.patience = timeout
            state.isSaid = false
        }
    }

    /// Decides what to do about a host that has been silent for this long.
    func judge(_ host: String, silentFor silence: Duration, at now: ContinuousClock.Instant) -> Verdict {
        guard silence >= timeout else { return .stay }
        return state.withLock { state in
            let patience = state.nextPatience[host] ?? timeout
            if let since = state.behindSince[host] {
                guard now - since >= patience else { return .stay }
                state.nextPatience[host] = min(patience * 2, max(timeout, Self.longestPatience))
                return .stalled
            }
            if silence >= state.patience {
                state.patience = min(state.patience * 2, max(timeout, Self.longestPatience))
                return .askAgain
            }
            guard !state.isSaid else { return .stay }
            state.isSaid = true
            return .stayAndSay
        }
    }
}
