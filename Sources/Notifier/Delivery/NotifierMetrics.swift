internal import Metrics
internal import Network

/// The metrics of delivery; label values are bounded, and never a DID or URI.
enum NotifierMetrics {
    private static let prefix = "impact_notifier_"

    static func matches(rule: String) -> Counter {
        Counter(label: prefix + "rule_matches_total", dimensions: [("rule", rule)])
    }

    static func suppressed(_ reason: Reason) -> Counter {
        Counter(label: prefix + "notifications_suppressed_total", dimensions: [("reason", reason.rawValue)])
    }

    /// A call failed.
    static func count(call phase: CallPhase, status: Int?) {
        Counter(
            label: prefix + "send_requests_total",
            dimensions: [("method", phase.rawValue), ("status", status.map(String.init) ?? "none")]
        ).increment()
    }

    static func answer(_ command: OwnerCommand?) -> Counter {
        Counter(label: prefix + "owner_answers_total", dimensions: [("meaning", command?.name ?? "unknown")])
    }

    static func count(_ outcome: Outcome) {
        let name = outcome.reason == .mentionPosted ? "mentioned" : outcome.state.rawValue
        switch outcome.state {
        // Nothing was sent.
        case .delivered where outcome.reason == .alreadyTold:
            notification(outcome.rule, Reason.alreadyTold.rawValue).increment()
        case .delivered:
            notification(outcome.rule, name).increment()
            Recorder(label: prefix + "notification_latency_seconds", aggregate: true).record(outcome.latency.inSeconds)
        case .dropped:
            notification(outcome.rule, name).increment()
            if let reason = outcome.reason { suppressed(reason).increment() }
            let isGivenUp = outcome.reason == .waitExpired || outcome.reason == .queueExpired
            if isGivenUp { Counter(label: prefix + "notifications_abandoned_total").increment() }
        case .uncertain:
            notification(outcome.rule, name).increment()
            fallthrough
        case .queued, .lookup, .verify, .deferred:
            if let reason = outcome.reason {
                Counter(label: prefix + "notifications_failed_total", dimensions: [("reason", reason.rawValue)])
                    .increment()
            }
        case .sending, .posting: break
        }
    }

    static func show(_ status: PipelineStatus) {
        for state in JobState.allCases {
            Gauge(label: prefix + "queue_depth", dimensions: [("state", state.rawValue)])
                .record(status.jobs[state] ?? 0)
        }
        Gauge(label: prefix + "queue_oldest_age_seconds").record(status.oldestPendingAge?.inSeconds ?? 0)
        Gauge(label: prefix + "requests_awaiting_proof").record(status.awaitingProof)
        Gauge(label: prefix + "messages_quarantined").record(status.quarantined)
        Gauge(label: prefix + "dead_letters").record(status.jobs[.uncertain] ?? 0)
        Gauge(label: prefix + "send_breaker_open").record([.open, .off].contains(status.sender) ? 0 : 1)
        Gauge(label: prefix + "sending_enabled").record(status.sender == .off ? 0 : 1)
    }

    private static func notification(_ rule: String, _ outcome: String) -> Counter {
        Counter(label: prefix + "notifications_total", dimensions: [("rule", rule), ("outcome", outcome)])
    }
}
