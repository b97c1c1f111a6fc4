internal import Metrics
internal import Network

/// Whether the last reload of the configuration succeeded, under Alertmanager's metric names.
enum ConfigurationMetrics {
    static func recordReload(isSuccess: Bool) {
        Gauge(label: "impact_notifier_config_last_reload_successful").record(isSuccess ? 1 : 0)
        guard isSuccess else { return }
        Gauge(label: "impact_notifier_config_last_reload_success_timestamp_seconds").record(SystemClock().now().seconds)
    }
}
