internal import Network

/// The two times that a session goes by.
struct SessionTime: Sendable, Equatable {
    /// The date by the machine's clock, which anybody may set.
    var date: UnixTime
    /// What has really passed since the process began to count, in seconds.
    var uptime: Double

    /// The date at an uptime.
    func date(at uptime: Double) -> UnixTime { date + .seconds(uptime - self.uptime) }
}

extension Clock where Duration == Swift.Duration {
    /// Counts the seconds from now on.
    func stopwatch() -> @Sendable () -> Double {
        let start = now
        return { start.duration(to: now) / .seconds(1) }
    }
}
