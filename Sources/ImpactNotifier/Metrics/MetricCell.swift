internal import Metrics
internal import Synchronization

/// A number that only grows.
final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    /// The number now.
    var value: Int64 { count.load(ordering: .relaxed) }

    /// Adds; an amount below zero is ignored, for a counter never falls.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Begins again at zero.
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
    /// Takes from the number.
    func decrement(by amount: Double) { number.withLock { $0 -= amount } }
    /// Replaces the number: what swift-metrics calls a gauge records its last value.
    func record(_ value: Int64) { set(value) }
    /// Replaces the number: what swift-metrics calls a gauge records its last value.
    func record(_ value: Double) { set(value) }
}

/// How often which sizes were seen, in fixed buckets.
final class HistogramCell: RecorderHandler, TimerHandler {
    /// Upper bounds, inclusive; one more bucket takes what is above the last.
    ///
    /// In seconds they reach from a local HTTP call to the half hour that a digest may wait.
    static let bounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800]

    /// What was seen so far.
    struct Totals: Sendable {
        /// Observations per bucket, not cumulative; the last is above every bound.
        var counts = [Int64](repeating: 0, count: HistogramCell.bounds.count + 1)
        /// Sum of all observations.
        var sum = 0.0
    }

    private let state = Mutex(Totals())

    /// What was seen so far, of one instant.
    var totals: Totals { state.withLock { $0 } }

    /// Notes one observation.
    func record(_ value: Int64) { record(Double(value)) }

    /// Notes one observation; one that is no number is ignored.
    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    /// Notes one duration; Prometheus counts in seconds.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
