/// Metrics of the ledger's answers; computed for each scrape, because silence grows between two answers.
struct LedgerMetrics {
    /// How long the ledger has not answered, in seconds.
    let silence: Double

    var families: [MetricFamily] {
        let name = MetricHelp.prefix + "ledger_unanswered_seconds"
        let help = MetricHelp.text(for: name)
        return [MetricFamily(name: name, kind: .gauge, help: help, samples: [.init(value: silence)])]
    }
}
