/// The labels of one series, in the order of their names.
struct MetricLabels: Hashable, Sendable {
    /// Names and values; names obey the grammar, values are whatever they are.
    let pairs: [Pair]

    /// One label.
    struct Pair: Hashable, Sendable {
        /// Its name, by the grammar of ``MetricName``.
        let name: String
        /// Its value, any text.
        let value: String
    }

    /// Labels in any order; of two with one name the last counts.
    init(_ dimensions: [(String, String)] = []) {
        let unique = Dictionary(dimensions.map { (MetricName.sanitized($0.0), $0.1) }) { _, last in last }
        pairs = unique.sorted { $0.key < $1.key }.map { Pair(name: $0.key, value: $0.value) }
    }

    private init(pairs: [Pair]) {
        self.pairs = pairs
    }

    /// The series that takes what a family has no room for.
    var overflow: MetricLabels {
        MetricLabels(pairs: pairs.map { Pair(name: $0.name, value: "other") })
    }

    /// These and one more, which comes last: `le` of a histogram's bucket.
    func adding(_ name: String, _ value: String) -> MetricLabels {
        MetricLabels(pairs: pairs + [Pair(name: name, value: value)])
    }
}
