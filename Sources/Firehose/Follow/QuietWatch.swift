internal import Synchronization

/// Tells whether a host on which nothing happens is ill.
///
/// To be quiet is no illness: on a small network hours pass without a message, and whether the connection lives is what
/// pings find out. Only other hosts can show that something should have come. Where they are read as well, a host is left
/// when they have brought something for a while and it has not. Else a new connection is made after a silence, to another
/// host where there is one: a server may have forgotten a subscription whose socket it keeps. The silence is longer each
/// time, until messages come as they do on a busy network.
///
/// The readers of all hosts share it; it is asked with the times of their own clock.
final class QuietWatch: Sendable {
    /// What is to be done about a host.
    enum Verdict: Sendable, Equatable {
        /// Nothing.
        case stay
        /// Nothing, but it is quiet for the first time, which is worth saying.
        case stayAndSay
        /// It is to be left: others bring something.
        case stalled
        /// It is to be left, so that another, or it once more, is asked whether it is as quiet.
        case askAgain
    }

    private struct State {
        /// The silence after which a new connection is made.
        var patience: Duration
        var reading: Set<String> = []
        /// Since when others have brought something that a host did not.
        var behindSince: [String: ContinuousClock.Instant] = [:]
        /// For how long a host that was left is waited for the next time.
        var nextPatience: [String: Duration] = [:]
        /// When anything has come last from a host.
        var lastHeard: [String: ContinuousClock.Instant] = [:]
        /// When anything has come last from anybody.
        var last: ContinuousClock.Instant?
        /// Since when there has been no silence.
        var busySince: ContinuousClock.Instant?
        var isSaid = false
    }

    /// The longest silence after which a new connection is made, and for which others must have gone on.
    static let longestPatience = Duration.seconds(6 * 3600)

    /// The shortest silence that is looked at.
    let timeout: Duration
    private let state: Mutex<State>

    /// - Parameter timeout: the shortest silence that is looked at.
    init(timeout: Duration) {
        self.timeout = timeout
        state = Mutex(State(patience: timeout))
    }

    /// A host is connected to.
    func begin(_ host: String) { state.withLock { _ = $0.reading.insert(host) } }

    /// A host is not read any more.
    func end(_ host: String) {
        state.withLock { state in
            state.reading.remove(host)
            state.behindSince[host] = nil
        }
    }

    /// A host has brought something that it had not brought before.
    ///
    /// - Parameters:
    ///   - host: which.
    ///   - isForAll: whether every host brings it, whatever its wire and filter. Others are then behind that have brought
    ///     nothing for a while: they may have brought the same a moment before.
    ///   - now: when.
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
            // An hour's silence of the whole network must not make a host of the next days be waited for as long.
            guard now - busySince >= min(state.patience, timeout * 10) else { return }
            state.patience = timeout
            state.isSaid = false
        }
    }

    /// What is to be done about a host that has brought nothing for so long.
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
