internal import Network
internal import OAuth

/// Metrics of the session; computed for each scrape, so that nothing outdated stays.
struct SessionMetrics {
    private let status: SessionStatus

    /// Metrics of a session as it is now.
    init(_ status: SessionStatus) { self.status = status }

    /// The families; one without a known value is left out.
    var families: [MetricFamily] {
        let isOver =
            switch status.state {
            case .needsLogin, .quarantined: true
            case .ok, .degraded, .misconfigured: false
            }
        // A session that is over ends when its access token expires; without one it has ended already.
        return [
            gauge("session_usable", status.canSendNow ? 1 : 0),
            gauge("session_expiry_timestamp_seconds", (isOver ? status.servesUntil : status.endsAt)?.seconds),
            gauge(
                "oauth_token_expiry_timestamp_seconds",
                (isOver ? status.servesUntil : status.accessExpiresAt)?.seconds
            ),
            gauge(
                "oauth_refresh_success_timestamp_seconds",
                isOver && status.servesUntil == nil ? nil : status.refreshedAt?.seconds
            ),
            MetricFamily(
                own: "oauth_refresh_total",
                .counter,
                status.renewals.sorted { $0.key < $1.key }.map { result, count in
                    .init(labels: MetricLabels([("result", result)]), value: Double(count))
                }
            ),
        ].compactMap { $0 }
    }

    private func gauge(_ name: String, _ value: Double?) -> MetricFamily? {
        value.map { MetricFamily(own: name, .gauge, [.init(value: $0)]) }
    }
}
