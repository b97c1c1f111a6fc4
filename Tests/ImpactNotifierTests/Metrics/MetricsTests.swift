import Logging
import Metrics
import Testing

@testable import ImpactNotifier

@Suite struct `Metrics` {
    private let registry = MetricsRegistry()

    private func counter(_ name: String, _ labels: [(String, String)] = []) -> Counter {
        Counter(label: name, dimensions: labels, factory: registry)
    }

    private func page(_ format: PrometheusExposition = .classic) -> String {
        format.render(registry.families())
    }

    @Test func `a counter is a family with help, type and one line a series`() {
        counter("impact_notifier_stream_disconnects_total", [("reason", "stall")]).increment(by: 2)
        counter("impact_notifier_stream_disconnects_total", [("reason", "close")]).increment()
        #expect(
            page() == """
                # HELP impact_notifier_stream_disconnects_total Connections of streams that ended, by reason.
                # TYPE impact_notifier_stream_disconnects_total counter
                impact_notifier_stream_disconnects_total{reason="close"} 1
                impact_notifier_stream_disconnects_total{reason="stall"} 2

                """
        )
    }

    @Test func `OpenMetrics names a counter's family without _total and ends with EOF`() {
        counter("requests_total").increment()
        #expect(page(.openMetrics) == "# HELP requests \n# TYPE requests counter\nrequests_total 1\n# EOF\n")
    }

    @Test func `two writers of one series count together`() {
        counter("a_total", [("x", "1"), ("y", "2")]).increment()
        counter("a_total", [("y", "2"), ("x", "1")]).increment()
        #expect(page().contains("a_total{x=\"1\",y=\"2\"} 2\n"))
    }

    @Test func `a gauge keeps its last value`() {
        Gauge(label: "queue_depth", factory: registry).record(3)
        Meter(label: "meter", factory: registry).set(2.5)
        #expect(page().contains("# TYPE queue_depth gauge\nqueue_depth 3\n"))
        #expect(page().contains("# TYPE meter gauge\nmeter 2.5\n"))
    }

    @Test func `a timer is a histogram of seconds with cumulative buckets`() {
        let timer = Timer(label: "latency_seconds", factory: registry)
        timer.recordNanoseconds(5_000_000)  // exactly the first bound, which is inclusive
        timer.recordMilliseconds(700)
        timer.recordSeconds(7200)
        let page = page()
        #expect(page.contains("latency_seconds_bucket{le=\"0.005\"} 1\n"))
        #expect(page.contains("latency_seconds_bucket{le=\"0.5\"} 1\n"))
        #expect(page.contains("latency_seconds_bucket{le=\"1\"} 2\n"))
        #expect(page.contains("latency_seconds_bucket{le=\"1800\"} 2\n"))
        #expect(page.contains("latency_seconds_bucket{le=\"+Inf\"} 3\n"))
        #expect(page.contains("latency_seconds_sum 7200.705\nlatency_seconds_count 3\n"))
    }

    @Test func `labels are bounded: the rest is counted as other`() {
        for number in 0..<(MetricsRegistry.seriesLimit + 50) {
            counter("wild_total", [("host", "h\(number)")]).increment()
        }
        let lines = page().split(separator: "\n").filter { $0.hasPrefix("wild_total{") }
        #expect(lines.count == MetricsRegistry.seriesLimit + 1)
        #expect(lines.contains("wild_total{host=\"other\"} 50"))
    }

    @Test func `hostile labels and names cannot break a line`() {
        counter("1 bad-name", [("la bel", "a\"b\\c\nd")]).increment()
        #expect(page().hasSuffix("_1_bad_name{la_bel=\"a\\\"b\\\\c\\nd\"} 1\n"))
    }

    @Test func `one name for two kinds keeps the first`() {
        counter("twice").increment()
        Gauge(label: "twice", factory: registry).record(7)
        #expect(page().contains("# TYPE twice counter\ntwice 1\n"))
        #expect(!page().contains("TYPE twice gauge") && !page().contains("twice 7"))
    }

    @Test(arguments: [
        (nil, PrometheusExposition.classic), ("text/plain;version=0.0.4", .classic), ("*/*", .classic),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1", .openMetrics),
    ]) func `Accept chooses the format`(accept: String?, expected: PrometheusExposition) {
        #expect(PrometheusExposition(accept: accept) == expected)
    }

    @Test(arguments: [(0.5, "0.5"), (3, "3"), (-1, "-1"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN")])
    func `numbers are written as Prometheus reads them`(value: Double, expected: String) {
        #expect(PrometheusExposition.text(of: value) == expected)
    }

    @Test func `the process metrics are there and plausible`() throws {
        let families = ProcessMetrics().families()
        func value(_ name: String) throws -> Double {
            try #require(families.first { $0.name == name }?.samples.first?.value, "\(name)")
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"))
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_threads") >= 1)
        #expect(try value("process_cpu_seconds_total") >= 0)
        #expect(try value("process_start_time_seconds") > 1_700_000_000)
        #expect(try value("process_max_fds") > value("process_open_fds"))
    }

    @Test func `the program says its version and what its log lost`() {
        let output = LogOutput(format: .logfmt, level: .info, descriptor: 2, isJournal: false)
        let page = PrometheusExposition.classic.render(ProgramMetrics(version: "1.2.3", output: output).families())
        #expect(page.contains("impact_notifier_build_info{version=\"1.2.3\"} 1\n"))
        #expect(page.contains("impact_notifier_log_lines_dropped_total 0\n"))
    }

    @Test func `a command name with parentheses and spaces does not shift the fields`() {
        #expect(ProcessMetrics.fields(ofStat: "7 (a) b (c) R 1 2\n") == ["R", "1", "2"])
        #expect(ProcessMetrics.fields(ofStat: "").isEmpty)
    }
}
