/// A family: all series with one name, as in a scrape.
struct MetricFamily: Sendable {
    /// What a family's numbers mean.
    enum Kind: String, Sendable {
        /// Only grows.
        case counter
        /// Goes up and down.
        case gauge
        /// Buckets, sum and count.
        case histogram
    }

    /// One line of the exposition.
    struct Sample: Sendable, Equatable {
        /// What follows the family's name: empty, or `_bucket`, `_sum`, `_count`.
        var suffix = ""
        /// The labels of the series.
        var labels = MetricLabels()
        var value: Double
    }

    /// The name, `_total` included.
    let name: String
    /// What the numbers mean.
    let kind: Kind
    /// One sentence for the operator.
    let help: String
    /// The lines, series by series.
    let samples: [Sample]
}

extension MetricFamily {
    /// A family of this program's own: its name without the prefix.
    init(own name: String, _ kind: Kind, _ samples: [Sample]) {
        let name = MetricHelp.prefix + name
        self.init(name: name, kind: kind, help: MetricHelp.text(for: name), samples: samples)
    }
}
