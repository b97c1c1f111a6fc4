internal import Network
internal import Synchronization

/// The time by the network's clocks: when a stream was last seen to go on, and what passed since by a clock that nothing sets.
final class NetworkTime: Sendable {
    private let steadyClock: any WallClock
    /// How far it is ahead of the steady clock; nil as long as no stream was ever read.
    private let lead = Mutex<Duration?>(nil)

    init(steadyClock: any WallClock) { self.steadyClock = steadyClock }

    /// The time, which never goes back; ``UnixTime/distantPast`` as long as no stream was ever read.
    var now: UnixTime { lead.withLock { $0 }.map { steadyClock.now() + $0 } ?? .distantPast }

    /// Takes note of when a stream was seen to go on.
    func note(_ time: UnixTime) {
        let found = time - steadyClock.now()
        lead.withLock { $0 = max($0 ?? found, found) }
    }
}
