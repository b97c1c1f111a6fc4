/// Exponential backoff with full jitter: the n-th wait is random between zero and `min(limit, base · 2ⁿ)`.
public struct Backoff: Sendable {
    /// The upper bound of the first wait.
    public let base: Duration
    /// The upper bound of every wait.
    public let limit: Duration
    /// Failures since the last ``reset()``.
    public private(set) var attempt = 0

    /// A backoff that starts at `base` and never exceeds `limit`.
    public init(base: Duration = .milliseconds(500), limit: Duration = .seconds(60)) {
        self.base = base
        self.limit = limit
    }

    /// The next wait; counts as one failure.
    public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = base.doubled(attempt, atMost: limit)
        attempt += 1
        return ceiling * Double.random(in: 0...1, using: &generator)
    }

    /// The next wait, with the system's random numbers; counts as one failure.
    public mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    /// Sets the number of failures to zero.
    public mutating func reset() { attempt = 0 }
}

extension Duration {
    /// Doubles the duration a number of times, up to a limit.
    package func doubled(_ times: Int, atMost longest: Duration) -> Duration {
        min(longest, self * (1 << min(max(0, times), 30)))
    }
}
