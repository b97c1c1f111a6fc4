/// The series of one family, each with the cell of its number.
enum MetricSeries {
    case counter([MetricLabels: CounterCell])
    case gauge([MetricLabels: GaugeCell])
    case histogram([MetricLabels: HistogramCell])

    /// What the family's numbers mean.
    var kind: MetricFamily.Kind {
        switch self {
        case .counter: .counter
        case .gauge: .gauge
        case .histogram: .histogram
        }
    }

    /// The samples, ordered by labels.
    var samples: [MetricFamily.Sample] {
        switch self {
        case .counter(let cells): cells.inOrder.map { .init(labels: $0, value: Double($1.value)) }
        case .gauge(let cells): cells.inOrder.map { .init(labels: $0, value: $1.value) }
        case .histogram(let cells): cells.inOrder.flatMap { Self.samples(of: $1.totals, labels: $0) }
        }
    }

    private static func samples(of totals: HistogramCell.Totals, labels: MetricLabels) -> [MetricFamily.Sample] {
        var samples: [MetricFamily.Sample] = []
        var total: Int64 = 0
        for (count, bound) in zip(totals.counts, HistogramCell.bounds + [.infinity]) {
            total += count
            let bucket = labels.adding("le", PrometheusExposition.text(of: bound))
            samples.append(.init(suffix: "_bucket", labels: bucket, value: Double(total)))
        }
        samples.append(.init(suffix: "_sum", labels: labels, value: totals.sum))
        samples.append(.init(suffix: "_count", labels: labels, value: Double(total)))
        return samples
    }
}

extension Dictionary where Key == MetricLabels {
    /// The series, ordered by their label values.
    fileprivate var inOrder: [(MetricLabels, Value)] {
        sorted { left, right in
            left.key.pairs.lexicographicallyPrecedes(right.key.pairs) { ($0.name, $0.value) < ($1.name, $1.value) }
        }
        .map { ($0.key, $0.value) }
    }
}
