/// Metrics of the program itself: its version, and log lines that it lost.
struct ProgramMetrics: Sendable {
    /// The running version.
    let version: String
    /// The log whose lost lines are counted.
    let output: LogOutput

    /// The families, read now.
    func families() -> [MetricFamily] {
        [
            .init(own: "build_info", .gauge, [.init(labels: MetricLabels([("version", version)]), value: 1)]),
            .init(own: "log_lines_dropped_total", .counter, [.init(value: Double(output.droppedLines))]),
        ]
    }
}
