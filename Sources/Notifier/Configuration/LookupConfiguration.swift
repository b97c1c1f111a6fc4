public import Network

/// How owners and projects are found.
public struct LookupConfiguration: Sendable, Equatable {
    /// Lookups under way at once in their first second; with those that take longer eight times as many.
    public var concurrency = 8
    /// First wait after a failed lookup; doubles up to ``maximumWait``.
    public var firstWait: Duration = .seconds(15)
    /// The longest wait between two lookups.
    public var maximumWait: Duration = .seconds(3600)
    /// A project's name is not waited for longer than this, unless the rule requires the record.
    public var projectPatience: Duration = .seconds(600)
    /// How long a repository may be unknown to its own PDS, as happens during a migration.
    public var migrationPatience: Duration = .seconds(24 * 3600)
    /// How long an owner's DID document or project may be out of reach before the request is given up.
    public var identityPatience: Duration = .seconds(3 * 86_400)
    /// How long an index may know no owner, or name one whose record does not confirm it.
    public var indexPatience: Duration = .seconds(3600)
    /// Whether an author's PDS must prove a change request before it is queued (com.atproto.sync.getRecord).
    public var provesBeforeSending = false
    /// How long an author's PDS may fail to give a proof.
    public var proofPatience: Duration = .seconds(24 * 3600)
    /// A host that fails so often in a row gets a pause.
    public var hostFailures = 3
    /// The first pause of a failing host; doubles up to ``maximumWait``.
    public var hostPause: Duration = .seconds(30)
    /// The AppView that knows who follows whom; public data, no login.
    public var appView: WebURL?
    /// Who lists the accounts that hold records of a collection: origins of relays (com.atproto.sync.listReposByCollection).
    public var directories: [WebURL] = []
    /// The development switch: plain `http` to loopback addresses.
    public var allowsLoopback = false

    /// What leaves hosts alone that fail.
    public var hostBreaker: HostBreaker {
        HostBreaker(failures: hostFailures, pause: hostPause, longestPause: maximumWait)
    }

    /// The usual patience.
    public init() {
        appView = try? WebURL("https://public.api.bsky.app")
    }
}
