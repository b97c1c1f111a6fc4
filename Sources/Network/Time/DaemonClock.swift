public import Logging
internal import Synchronization

/// The machine's clock, whose steps are believed when they last: one that is wrong for seconds dates nothing.
///
/// It goes on by a clock that nothing sets, and follows the machine's clock when that has stood elsewhere for a minute.
/// Differences of up to a second, leap seconds among them, are followed at once.
public final class DaemonClock: WallClock {
    fileprivate struct State {
        /// What the machine's clock, as far as it is believed, is ahead of the steady one.
        var offset: Duration
        /// Where it stands instead, and since when.
        var step: (offset: Duration, since: UnixTime)?
    }

    private let wall: any WallClock
    private let steady: any WallClock
    private let logger: Logger
    private let state: Mutex<State>

    private static let advice =
        "nothing is lost: it is followed when it stays so for \(patience.wholeSeconds) s; if it is wrong, see to the time "
        + "synchronisation (timedatectl)"
    /// How long a step must have lasted.
    public static let patience = Duration.seconds(60)

    /// A clock that believes what the machine's says now.
    ///
    /// - Parameters:
    ///   - wall: the machine's clock.
    ///   - steady: goes on whatever the machine's clock is set to.
    ///   - logger: takes a warning for each step.
    public init(wall: any WallClock = SystemClock(), steady: any WallClock, logger: Logger) {
        self.wall = wall
        self.steady = steady
        self.logger = logger
        state = Mutex(State(offset: wall.now() - steady.now()))
    }

    /// The time, by the machine's clock as far as it is believed.
    public func now() -> UnixTime {
        let passed = steady.now()
        let offset = wall.now() - passed
        let (now, set) = state.withLock { state in
            let set = state.follow(offset, at: passed)
            return (passed + state.offset, set)
        }
        if let set {
            logger.warning(
                "the machine's clock was set",
                metadata: ["by_s": .stringConvertible(set.wholeSeconds), "to_do": "\(Self.advice)"]
            )
        }
        return now
    }
}

extension DaemonClock.State {
    /// Takes note of what the machine's clock is ahead; by how much it was set, when that is new.
    fileprivate mutating func follow(_ found: Duration, at time: UnixTime) -> Duration? {
        if found.isNear(offset) {
            (offset, step) = (found, nil)
        } else if let begun = step, found.isNear(begun.offset) {
            if time - begun.since >= DaemonClock.patience { (offset, step) = (found, nil) }
        } else {
            step = (found, time)
            return found - offset
        }
        return nil
    }
}

extension Duration {
    fileprivate func isNear(_ other: Duration) -> Bool {
        (Duration.seconds(-1)...Duration.seconds(1)).contains(self - other)
    }
}
