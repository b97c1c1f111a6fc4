internal import Firehose
internal import Network
internal import Notifier
internal import OAuth

/// What a page is made of: what was known at one moment.
struct StatusFacts: Sendable {
    /// What only a running daemon knows.
    struct Daemon: Sendable {
        /// The session, at most a second ago.
        var session: SessionStatus
        /// How the ledger answers.
        var ledger: StatusBoard.LedgerState
        /// What the pipeline last told; nil when it has told nothing yet.
        var pipeline: PipelineStatus?
        /// Every host that was connected since the start.
        var hosts: [HostReport]
        /// For how long it has been running with these settings.
        var uptime: Duration
    }

    /// The time.
    var now: UnixTime
    /// The account that sends, as far as it is known.
    var account: String
    /// The names of the rules, in order.
    var rules: [String]
    /// Whether requests and recipients are named.
    var namesPeople: Bool
    /// What the daemon says of itself, or why it says nothing.
    var daemon: Result<Daemon, Silence>
    /// The ledger's figures, and how old they are; nil when there are none yet.
    var overview: (figures: LedgerOverview, age: Duration)?

    /// Why nothing is known of a daemon.
    struct Silence: Error {
        /// What is the matter, and what to do.
        var finding: StatusPage.Finding
    }

    /// The page that says it.
    var page: StatusPage {
        StatusPage(
            account: account,
            at: now,
            age: overview.map { "The ledger's figures are \($0.age.inWords) old." }
                ?? "The ledger's figures have not been read yet.",
            findings: findings,
            sections: sections
        )
    }
}
