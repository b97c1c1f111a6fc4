public import Network

/// How owners and projects are found.
public struct LookupConfiguration: Sendable, Equatable {
    /// How many look-ups run at once in their first second; eight times as many may run longer.
    public var concurrency = 8
    /// The first wait after a failed look-up; doubles up to ``maximumWait``.
    public var firstWait: Duration = .seconds(15)
    /// The longest wait between two look-ups.
    public var maximumWait: Duration = .seconds(3600)
    /// How long to wait for a project's name, unless the rule requires the project's record.
    public var projectPatience: Duration = .seconds(600)
    /// How long a repository may be unknown to its own PDS, as happens during a migration.
    public var migrationPatience: Duration = .seconds(24 * 3600)
    /// How long an owner's DID document or project may be unreachable before the request is given up.
    public var identityPatience: Duration = .seconds(3 * 86_400)
    /// How long an index may know no owner, or name an owner whose records do not confirm it.
    public var indexPatience: Duration = .seconds(3600)
    /// Whether an author's PDS must prove a change request before it is queued (com.atproto.sync.getRecord).
    public var provesBeforeSending = false
    /// How long an author's PDS may fail to give a proof.
    public var proofPatience: Duration = .seconds(24 * 3600)
    /// After so many failures in a row a host is paused.
    public var hostFailures = 3
    /// The first pause of a failing host; doubles up to ``maximumWait``.
    public var hostPause: Duration = .seconds(30)
    /// The AppView that is asked who follows whom; public data, no login.
    public var appView: WebURL?
    /// The relays that list the accounts with records of a collection, by origin
    /// (com.atproto.sync.listReposByCollection).
    public var directories: [WebURL] = []
    /// Development only: allows plain `http` to loopback addresses.
    public var allowsLoopback = false

    /// The breaker that leaves failing hosts alone.
    public var hostBreaker: HostBreaker {
        HostBreaker(failures: hostFailures, pause: hostPause, longestPause: maximumWait)
    }

    /// The default patience.
    public init() {
        appView = try? WebURL("https://public.api.bsky.app")
    }
}
