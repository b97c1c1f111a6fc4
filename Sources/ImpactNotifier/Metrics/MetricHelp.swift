/// What each metric of this program counts, in one sentence; docs/operations.md has the same list.
enum MetricHelp {
    /// The prefix of every name of ours.
    static let prefix = "impact_notifier_"

    /// Every metric's name without the prefix, with its sentence.
    static let sentences: [String: String] = [
        "build_info": "The version that runs; always 1.",
        "config_last_reload_successful": "1 when the last reload of the configuration was accepted.",
        "config_last_reload_success_timestamp_seconds": "When a configuration was last accepted.",
        "log_lines_dropped_total": "Log lines lost because nobody read the log.",
        "stream_connected": "1 while the stream of this host is open.",
        "stream_connects_total": "Connections of streams that were opened.",
        "stream_disconnects_total": "Connections of streams that ended, by reason.",
        "stream_events_received_total": "Events received, by stream host and kind.",
        "stream_bytes_received_total": "Bytes of events received.",
        "stream_decode_errors_total": "Events that could not be read and were put aside, by reason.",
        "stream_events_missed_total": "Wanted events that another host brought and this one did not bring in time.",
        "stream_events_late_total": "Missed events that this host brought later after all.",
        "stream_last_event_timestamp_seconds": "Time of the last event of this host, by its own clock.",
        "stream_cursor": "Position in this host's stream up to which everything is stored.",
        "stream_sequence_gaps_total": "Gaps: stretches of the stream of which events may have been missed.",
        "stream_gaps_given_up_total": "Gaps given up although much of them could not be looked for.",
        "rule_alarm": "1 while a rule does not fit its records any more, by rule and cause.",
        "rule_matches_total": "Events that matched a rule.",
        "notifications_total": "Jobs that ended, by rule and outcome.",
        "notifications_failed_total": "Failed attempts to find an owner or to tell them, by reason.",
        "notifications_suppressed_total": "Jobs that policy refused or held back, by reason.",
        "notifications_abandoned_total": "Jobs given up after their last attempt.",
        "notification_latency_seconds": "Seconds from the first sight of a request to its message in the chat.",
        "queue_depth": "Jobs by state.",
        "queue_oldest_age_seconds": "Age of the oldest job that is neither finished nor waits for its owner.",
        "requests_awaiting_proof": "Requests that their author's PDS must prove.",
        "messages_quarantined": "Events that could not be read and are kept; the last thousand are.",
        "dead_letters": "Jobs that need a decision of the operator.",
        "ledger_unanswered_seconds": "For how long the ledger has not answered; 0 when it does.",
        "send_requests_total": "Calls of the chat service, by method and HTTP status.",
        "send_breaker_open": "1 while sending is paused for the whole account.",
        "owner_answers_total": "What owners wrote to the sender, by the command that it is, or unknown.",
        "output_failures_total": "Notifications that a local output did not take, by output.",
        "sending_enabled": "1 while messages are sent; 0 in shadow mode (sending.enabled: false).",
        "session_usable": "1 while a message could really be sent with the session.",
        "session_expiry_timestamp_seconds": "When the session ends for good; absent when it has no end or is over.",
        "oauth_refresh_total": "Renewals of the tokens that ended, by result: ok, or the reason why not.",
        "oauth_refresh_success_timestamp_seconds": "When the tokens were last renewed, or the login.",
        "oauth_token_expiry_timestamp_seconds": "When the access token ends; absent when that is not known.",
    ]

    /// The sentence of a metric.
    static func text(for name: String) -> String {
        guard name.hasPrefix(prefix) else { return "" }
        return sentences[String(name.dropFirst(prefix.count))] ?? ""
    }
}
