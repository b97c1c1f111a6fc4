internal import ATProtocol
internal import LedgerStorage
internal import Notifier

/// What the status endpoint knows; asked for each request, on the endpoint's thread, so none of it may wait.
struct StatusSource: Sendable {
    /// What the daemon still waits for before it can do its work; empty when it is ready.
    ///
    /// It waits for the configuration, the store, and the stream's first connection. Lag or a paused account do not
    /// count, because they would take a daemon out of service that does all it can.
    var pending: @Sendable () -> [String]
    /// Why nothing can be sent now, in a sentence with what to run; nil when messages are sent as they come.
    ///
    /// It does not count for readiness either: people read it in the text of a good answer.
    var obstacle: @Sendable () -> String?
    /// Whether nothing is sent because of the configuration: shadow mode.
    var isSendingOff: @Sendable () -> Bool
    /// The state for people and scripts.
    var status: @Sendable () -> JSONValue
    /// The metrics for Prometheus.
    var metrics: @Sendable () -> [MetricFamily]
    /// The page for people.
    var page: @Sendable () -> StatusPage
    /// The sending account's name: `@bot.example.com`.
    var sender: @Sendable () -> String
    /// Begins to read the standing of a change request, separately from everything else.
    var request: RequestRoute.Question
}
