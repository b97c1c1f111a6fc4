import Network
import Synchronization

/// The date of a leaping clock, as wrong as a test wants it.
final class WrongClock: WallClock {
    private let clock: LeapingClock
    private let error = Mutex(0.0)

    init(_ clock: LeapingClock) { self.clock = clock }

    func now() -> UnixTime { clock.dates.now() + .seconds(error.withLock(\.self)) }

    /// Is wrong by so many seconds from now on.
    func isWrong(by seconds: Double) { error.withLock { $0 = seconds } }
}
