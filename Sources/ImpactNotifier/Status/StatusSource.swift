internal import ATProtocol
internal import LedgerStorage
internal import Notifier

/// What the status endpoint knows; asked anew for each request, on the endpoint's thread: none of it may wait.
struct StatusSource: Sendable {
    /// What the daemon still waits for before it can do its work; empty when it is ready.
    ///
    /// Configuration, store, and the stream's first connection. Lag and a paused account are no readiness: they would
    /// take a daemon out of service that does all that can be done.
    var pending: @Sendable () -> [String]
    /// Why nothing can be sent just now, in a sentence with what to run; nil when messages are sent as they come.
    ///
    /// No readiness either: people read it in the text of a good answer.
    var obstacle: @Sendable () -> String?
    /// Whether that is so because it is configured: shadow mode.
    var isSendingOff: @Sendable () -> Bool
    /// The state for people and scripts.
    var status: @Sendable () -> JSONValue
    /// The state for Prometheus.
    var metrics: @Sendable () -> [MetricFamily]
    /// The page for people.
    var page: @Sendable () -> StatusPage
    /// The account that sends, as people name it: `@bot.example.com`.
    var sender: @Sendable () -> String
    /// Begins to read how a change request stands, beside everything else.
    var request: RequestRoute.Question
}
