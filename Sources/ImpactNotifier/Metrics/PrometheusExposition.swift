/// The text for a scraper: the classic format 0.0.4, or OpenMetrics 1.0.0 if the scraper accepts it.
enum PrometheusExposition: Sendable {
    /// `text/plain; version=0.0.4`
    case classic
    /// `application/openmetrics-text; version=1.0.0`
    case openMetrics

    /// The format for a request's `Accept` field.
    init(accept: String?) {
        self = accept?.lowercased().contains("application/openmetrics-text") ?? false ? .openMetrics : .classic
    }

    /// The value of `Content-Type`.
    var contentType: String {
        switch self {
        case .classic: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The whole page.
    func render(_ families: [MetricFamily]) -> String {
        var page = ""
        for family in families where !family.samples.isEmpty {
            let (name, suffix) = names(of: family)
            page += "# HELP \(name) \(Self.escaped(family.help))\n# TYPE \(name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                page +=
                    "\(name)\(suffix)\(sample.suffix)\(Self.text(of: sample.labels)) \(Self.text(of: sample.value))\n"
            }
        }
        if self == .openMetrics { page += "# EOF\n" }
        return page
    }

    /// OpenMetrics names a counter's family without `_total`, and requires it on the samples.
    private func names(of family: MetricFamily) -> (name: String, suffix: String) {
        guard self == .openMetrics, family.kind == .counter else { return (family.name, "") }
        let total = "_total"
        return (family.name.hasSuffix(total) ? String(family.name.dropLast(total.count)) : family.name, total)
    }

    /// A number in both formats: without a fraction if it has none; `+Inf` and `NaN` by name.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    private static func text(of labels: MetricLabels) -> String {
        guard !labels.pairs.isEmpty else { return "" }
        return "{" + labels.pairs.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += #"\\"#
            case "\"": result += #"\""#
            case "\n": result += #"\n"#
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
