internal import Metrics
internal import Synchronization

/// A number that only grows.
final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    /// The number now.
    var value: Int64 { count.load(ordering: .relaxed) }

    /// Adds an amount; one below zero is ignored, because a counter never falls.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Starts again at zero.
    func reset() { count.store(0, ordering: .relaxed) }
}

/// A number that goes up and down.
final class GaugeCell: MeterHandler, RecorderHandler {
    private let number = Mutex(0.0)

    /// The number now.
    var value: Double { number.withLock { $0 } }

    /// Replaces the number.
    func set(_ value: Int64) { set(Double(value)) }
    /// Replaces the number.
    func set(_ value: Double) { number.withLock { $0 = value } }
    /// Adds to the number.
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    /// Subtracts from the number.
    func decrement(by amount: Double) { number.withLock { $0 -= amount } }
    /// Replaces the number: what swift-metrics calls a gauge records its last value.
    func record(_ value: Int64) { set(value) }
    /// Replaces the number: what swift-metrics calls a gauge records its last value.
    func record(_ value: Double) { set(value) }
}

/// How often which sizes were observed, in fixed buckets.
final class HistogramCell: RecorderHandler, TimerHandler {
    /// Upper bounds, inclusive; one more bucket counts what is above the last.
    ///
    /// In seconds they reach from a local HTTP call to the half hour that a digest may wait.
    static let bounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800]

    /// The observations so far.
    struct Totals: Sendable {
        /// Observations in each bucket, not cumulative; the last bucket is above every bound.
        var counts = [Int64](repeating: 0, count: HistogramCell.bounds.count + 1)
        /// The sum of all observations.
        var sum = 0.0
    }

    private let state = Mutex(Totals())

    /// A consistent copy of the observations so far.
    var totals: Totals { state.withLock { $0 } }

    /// Adds one observation.
    func record(_ value: Int64) { record(Double(value)) }

    /// Adds one observation; NaN is ignored.
    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    /// Adds one duration; Prometheus counts in seconds.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
