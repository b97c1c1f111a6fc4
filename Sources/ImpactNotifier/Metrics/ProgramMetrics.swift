/// Metrics of the program itself: its version, and log lines that it lost.
struct ProgramMetrics: Sendable {
    /// The running version.
    let version: String
    /// The log whose lost lines are counted.
    let output: LogOutput

    /// The families, read now.
    func families() -> [MetricFamily] {
        [
            family("build_info", .gauge, .init(labels: MetricLabels([("version", version)]), value: 1)),
            family("log_lines_dropped_total", .counter, .init(value: Double(output.droppedLines))),
        ]
    }

    private func family(_ name: String, _ kind: MetricFamily.Kind, _ sample: MetricFamily.Sample) -> MetricFamily {
        let name = MetricHelp.prefix + name
        return MetricFamily(name: name, kind: kind, help: MetricHelp.text(for: name), samples: [sample])
    }
}
