internal import Network
internal import Synchronization

/// The time by the network's clocks: a stream's last time, plus what has passed since by a clock that nothing sets.
final class NetworkTime: Sendable {
    private let steadyClock: any WallClock
    /// How far it is ahead of the steady clock; nil until a stream was read.
    private let lead = Mutex<Duration?>(nil)

    init(steadyClock: any WallClock) { self.steadyClock = steadyClock }

    /// The time, which never goes back; ``UnixTime/distantPast`` until a stream was read.
    var now: UnixTime { lead.withLock { $0 }.map { steadyClock.now() + $0 } ?? .distantPast }

    /// Notes a time that a stream has told.
    func note(_ time: UnixTime) {
        let found = time - steadyClock.now()
        lead.withLock { $0 = max($0 ?? found, found) }
    }
}
