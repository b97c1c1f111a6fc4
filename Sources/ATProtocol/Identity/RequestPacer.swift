/// Hands out times for requests so that no second sees more than the rate, after a burst of one second's worth.
struct RequestPacer: Sendable {
    private let interval: Double
    private let burst: Double
    private var horizon = -Double.infinity

    /// - Parameter rate: requests per second, more than zero.
    init(rate: Double) {
        interval = 1 / max(rate, 0.001)
        burst = max(0, 1 - interval)
    }

    /// Reserves the next slot; the wait until it, in seconds.
    mutating func wait(from now: Double) -> Double {
        // The horizon is never far ahead of a clock that was set back, nor behind an idle one.
        horizon = min(max(horizon, now - burst), now + 3600)
        defer { horizon += interval }
        return max(0, horizon - now)
    }
}
