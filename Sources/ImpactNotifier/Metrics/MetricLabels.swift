/// The labels of one series, ordered by name.
struct MetricLabels: Hashable, Sendable {
    /// Names and values; names follow the grammar, values may be any text.
    let pairs: [Pair]

    /// One label.
    struct Pair: Hashable, Sendable {
        /// Its name, by the grammar of ``MetricName``.
        let name: String
        /// Its value, any text.
        let value: String
    }

    /// Labels in any order; if a name comes twice, the last one counts.
    init(_ dimensions: [(String, String)] = []) {
        let unique = Dictionary(dimensions.map { (MetricName.sanitized($0.0), $0.1) }) { _, last in last }
        pairs = unique.sorted { $0.key < $1.key }.map { Pair(name: $0.key, value: $0.value) }
    }

    private init(pairs: [Pair]) {
        self.pairs = pairs
    }

    /// The labels of the series that collects what exceeds a family's limit.
    var overflow: MetricLabels {
        MetricLabels(pairs: pairs.map { Pair(name: $0.name, value: "other") })
    }

    /// These labels and one more, which comes last: `le` for a histogram's bucket.
    func adding(_ name: String, _ value: String) -> MetricLabels {
        MetricLabels(pairs: pairs + [Pair(name: name, value: value)])
    }
}
