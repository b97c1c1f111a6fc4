public import Logging
internal import Synchronization

/// The machine's clock, but a sudden step is followed only if it lasts.
///
/// The time runs on by a steady clock, and follows the machine's clock when that has differed for a minute. So a clock
/// that is wrong for seconds leaves no wrong dates. Differences of up to a second, such as leap seconds, are followed
/// at once.
public final class DaemonClock: WallClock {
    fileprivate struct State {
        /// The accepted difference of the machine's clock from the steady clock.
        var offset: Duration
        /// A different offset that was seen, and since when.
        var step: (offset: Duration, since: UnixTime)?
    }

    private let wall: any WallClock
    private let steady: any WallClock
    private let logger: Logger
    private let state: Mutex<State>

    private static let advice =
        "nothing is lost: it is followed when it stays so for \(patience.wholeSeconds) s; if it is wrong, see to the time "
        + "synchronisation (timedatectl)"
    /// How long a step must last before it is followed.
    public static let patience = Duration.seconds(60)

    /// A clock that starts with the current time of the machine's clock.
    ///
    /// - Parameters:
    ///   - wall: the machine's clock.
    ///   - steady: a clock that nobody sets.
    ///   - logger: gets a warning for each step.
    public init(wall: any WallClock = SystemClock(), steady: any WallClock, logger: Logger) {
        self.wall = wall
        self.steady = steady
        self.logger = logger
        state = Mutex(State(offset: wall.now() - steady.now()))
    }

    /// The current time, with steps of the machine's clock followed only after a minute.
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
    /// Records the current offset; returns the size of a step when it is new.
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
