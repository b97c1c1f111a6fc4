package import Network

/// Hands out times for requests so that no second sees more than the rate, after a burst of one second's worth.
package struct RequestPacer: Sendable {
    /// The time between two slots.
    let interval: Duration
    private let burst: Duration
    private var horizon = UnixTime.distantPast

    /// - Parameter rate: requests per second, more than zero.
    package init(rate: Double) {
        interval = .seconds(1 / max(rate, 0.001))
        burst = max(.zero, .seconds(1) - interval)
    }

    /// Whether the next slot is there at once.
    func isIdle(at now: UnixTime) -> Bool { horizon <= now }

    /// Reserves the next slot; the wait until it.
    package mutating func wait(from now: UnixTime) -> Duration {
        // The horizon is never far ahead of a clock that was set back, nor behind an idle one.
        horizon = min(max(horizon, now - burst), now + .seconds(3600))
        defer { horizon += interval }
        return max(.zero, horizon - now)
    }
}
