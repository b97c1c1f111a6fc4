package import Network

/// Limits the rate of requests: at most `rate` per second, after a burst of one second's worth.
package struct RateLimiter: Sendable {
    /// The time between two slots.
    let interval: Duration
    private let burst: Duration
    private var horizon = UnixTime.distantPast

    /// - Parameter rate: requests per second, more than zero.
    package init(rate: Double) {
        interval = .seconds(1 / max(rate, 0.001))
        burst = max(.zero, .seconds(1) - interval)
    }

    /// Whether the next slot is free now.
    func isIdle(at now: UnixTime) -> Bool { horizon <= now }

    /// Reserves the next slot and returns the wait until it.
    package mutating func wait(from now: UnixTime) -> Duration {
        // Keeps the horizon within bounds when the clock was set back, or after an idle time.
        horizon = min(max(horizon, now - burst), now + .seconds(3600))
        defer { horizon += interval }
        return max(.zero, horizon - now)
    }
}
