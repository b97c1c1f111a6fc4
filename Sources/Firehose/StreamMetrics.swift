internal import Metrics
internal import Network

/// The metrics of one host; totals are added once per read, not per message.
package struct StreamMetrics: Sendable {
    private let kinds: [String: Counter]
    private let bytes: Counter
    private let upstream: String

    init(upstream: String) {
        self.upstream = upstream
        bytes = Counter(
            label: "impact_notifier_stream_bytes_received_total",
            dimensions: [("upstream", upstream)]
        )
        kinds = Dictionary(
            uniqueKeysWithValues: ["passed", "commit", "identity", "account", "sync"].map { kind in
                let dimensions = [("upstream", upstream), ("kind", kind)]
                return (kind, Counter(label: "impact_notifier_stream_events_received_total", dimensions: dimensions))
            }
        )
    }

    /// Creates the counters that alerts use at zero: a counter that first appears with 1 has no increase.
    static func announce(_ upstreams: [String]) {
        for reason in StreamGap.Reason.ofStreams { _ = gaps(reason) }
        _ = gapsGivenUp
        for upstream in upstreams {
            Gauge(label: "impact_notifier_stream_connected", dimensions: [("upstream", upstream)]).record(0)
            for name in ["missed", "late"] { _ = compared(name, upstream) }
        }
    }

    /// Counts events that a host missed, or delivered late (`missed`, `late`).
    static func compared(_ name: String, _ upstream: String) -> Counter {
        Counter(label: "impact_notifier_stream_events_\(name)_total", dimensions: [("upstream", upstream)])
    }

    private static func gaps(_ reason: StreamGap.Reason) -> Counter {
        Counter(label: "impact_notifier_stream_sequence_gaps_total", dimensions: [("reason", reason.rawValue)])
    }

    /// Counts a gap that was given up although much of what it may hide was never looked for.
    package static func gapGivenUp() { gapsGivenUp.increment() }

    private static var gapsGivenUp: Counter { Counter(label: "impact_notifier_stream_gaps_given_up_total") }

    func received(passed: Int, bytes: Int) {
        if passed > 0 { kinds["passed"]?.increment(by: passed) }
        if bytes > 0 { self.bytes.increment(by: bytes) }
    }

    func received(_ event: StreamEvent) {
        let kind =
            switch event.body {
            case .commit: "commit"
            case .identity: "identity"
            case .account: "account"
            case .sync: "sync"
            }
        kinds[kind]?.increment()
    }

    /// Counts a rejected message.
    static func rejected(_ reason: RejectedEvent.Reason) {
        Counter(label: "impact_notifier_stream_decode_errors_total", dimensions: [("reason", reason.rawValue)])
            .increment()
    }

    func gap(_ reason: StreamGap.Reason) { Self.gaps(reason).increment() }

    func position(_ position: StreamPosition) {
        Gauge(label: "impact_notifier_stream_cursor", dimensions: [("upstream", upstream)]).record(position.value)
        Gauge(
            label: "impact_notifier_stream_last_event_timestamp_seconds",
            dimensions: [("upstream", upstream)]
        ).record(position.witnessedAt.seconds)
    }

    func connected() {
        Counter(label: "impact_notifier_stream_connects_total", dimensions: [("upstream", upstream)]).increment()
        Gauge(label: "impact_notifier_stream_connected", dimensions: [("upstream", upstream)]).record(1)
    }

    func disconnected(_ reason: String) {
        Gauge(label: "impact_notifier_stream_connected", dimensions: [("upstream", upstream)]).record(0)
        Counter(label: "impact_notifier_stream_disconnects_total", dimensions: [("reason", reason)]).increment()
    }
}
