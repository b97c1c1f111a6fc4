internal import Firehose
internal import Network
internal import Notifier
internal import OAuth

/// The facts of which a page is made, as known at one moment.
struct StatusFacts: Sendable {
    /// What only a running daemon knows.
    struct Daemon: Sendable {
        /// The session, at most a second ago.
        var session: SessionStatus
        /// How the ledger answers.
        var ledger: StatusBoard.LedgerState
        /// The pipeline's last status; nil before the first one.
        var pipeline: PipelineStatus?
        /// Every host that was connected since the start.
        var hosts: [HostReport]
        /// How long it has run with these settings.
        var uptime: Duration
    }

    var now: UnixTime
    /// The sending account, as far as known.
    var account: String
    /// The names of the rules, in order.
    var rules: [String]
    /// Whether the page names requests and recipients.
    var namesPeople: Bool
    /// What the daemon reports, or why it reports nothing.
    var daemon: Result<Daemon, Silence>
    /// The ledger's figures, and their age; nil when there are none yet.
    var overview: (figures: LedgerOverview, age: Duration)?

    /// Why a daemon reports nothing.
    struct Silence: Error {
        /// What is wrong, and what to do.
        var finding: StatusPage.Finding
    }

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
