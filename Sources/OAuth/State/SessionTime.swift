internal import Network

/// The two times that a session uses.
struct SessionTime: Sendable, Equatable {
    /// The date by the machine's clock, which may be set to anything.
    var date: UnixTime
    /// The seconds that have really passed since the process began to count.
    var uptime: Double

    /// Converts an uptime to a date.
    func date(at uptime: Double) -> UnixTime { date + .seconds(uptime - self.uptime) }
}

extension Clock where Duration == Swift.Duration {
    /// Counts the seconds from now on.
    func stopwatch() -> @Sendable () -> Double {
        let start = now
        return { start.duration(to: now) / .seconds(1) }
    }
}
