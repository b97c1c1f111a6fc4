internal import Metrics
internal import Synchronization

/// Every metric of the process: swift-metrics writes here, and `/metrics` reads here.
///
/// The number of series is bounded. When a family has ``seriesLimit`` series, every further one is counted under the
/// label value `other`. So no mistake and no stranger can grow the daemon's memory or the operator's time series
/// database.
final class MetricsRegistry: MetricsFactory {
    /// The most series of one family.
    static let seriesLimit = 200

    private struct State {
        var families: [String: MetricSeries] = [:]
        var sources: [@Sendable () -> [MetricFamily]] = []
    }

    private let state = Mutex(State())

    /// Makes a registry the destination of all metrics of the process; once in a process.
    static func bootstrap() -> MetricsRegistry {
        let registry = MetricsRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }

    /// Adds families that are computed at each scrape.
    func add(source: @escaping @Sendable () -> [MetricFamily]) {
        state.withLock { $0.sources.append(source) }
    }

    /// All families, ordered by name.
    func families() -> [MetricFamily] {
        let (stored, sources) = state.withLock { ($0.families, $0.sources) }
        let own = stored.map { name, series in
            MetricFamily(name: name, kind: series.kind, help: MetricHelp.text(for: name), samples: series.samples)
        }
        return (own + sources.flatMap { $0() }).sorted { $0.name < $1.name }
    }

    /// A counter; `label` is the metric's name.
    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        withSeries(label, or: .counter([:])) { series in
            guard case .counter(var cells) = series else { return CounterCell() }
            defer { series = .counter(cells) }
            return Self.cell(dimensions, in: &cells, or: CounterCell())
        }
    }

    /// A gauge; `label` is the metric's name.
    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A histogram, or a gauge when only the last value counts; `label` is the metric's name.
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    /// A histogram of seconds; `label` is the metric's name.
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    /// A counter keeps its number when its handler is destroyed, as Prometheus expects.
    func destroyCounter(_ handler: any CounterHandler) {}
    /// A gauge stays.
    func destroyMeter(_ handler: any MeterHandler) {}
    /// A histogram or gauge stays.
    func destroyRecorder(_ handler: any RecorderHandler) {}
    /// A histogram stays.
    func destroyTimer(_ handler: any TimerHandler) {}

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeCell {
        withSeries(label, or: .gauge([:])) { series in
            guard case .gauge(var cells) = series else { return GaugeCell() }
            defer { series = .gauge(cells) }
            return Self.cell(dimensions, in: &cells, or: GaugeCell())
        }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramCell {
        withSeries(label, or: .histogram([:])) { series in
            guard case .histogram(var cells) = series else { return HistogramCell() }
            defer { series = .histogram(cells) }
            return Self.cell(dimensions, in: &cells, or: HistogramCell())
        }
    }

    /// If a name is in use for another kind, the cell is one that nobody reads: a metric never stops the daemon.
    private func withSeries<Cell>(_ label: String, or new: MetricSeries, _ body: (inout MetricSeries) -> Cell) -> Cell {
        state.withLock { body(&$0.families[MetricName.sanitized(label), default: new]) }
    }

    private static func cell<Cell>(
        _ dimensions: [(String, String)],
        in cells: inout [MetricLabels: Cell],
        or new: @autoclosure () -> Cell
    ) -> Cell {
        let wanted = MetricLabels(dimensions)
        let labels = cells[wanted] == nil && cells.count >= seriesLimit ? wanted.overflow : wanted
        if let cell = cells[labels] { return cell }
        let cell = new()
        cells[labels] = cell
        return cell
    }
}
