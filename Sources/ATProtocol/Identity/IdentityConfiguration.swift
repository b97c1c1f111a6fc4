public import Network

/// How identities are resolved, and how long results are cached.
public struct IdentityConfiguration: Sendable {
    /// The origin of the directory for `did:plc`; the network's own is `https://plc.directory`.
    public var directory: WebURL
    /// The origin of the service that resolves handles; nil when there is none.
    public var handleService: WebURL?
    /// How long a document is used without a new request.
    public var freshness: Duration
    /// How long a document is used when a new request fails.
    public var staleness: Duration
    /// How long a failure that is not transient is cached.
    public var negativeFreshness: Duration
    /// How long a handle's DID is used without a new request.
    public var handleFreshness: Duration
    /// The most entries in each cache.
    public var capacity: Int
    /// The most requests per second to the directory.
    public var directoryRate: Double
    /// Pauses hosts of `did:web` documents that fail repeatedly.
    public var hosts: HostBreaker
    /// The time limit of one request, from its start to the last byte.
    public var timeout: Duration
    /// The largest document to accept, in bytes.
    public var maximumDocument: Int
    /// For development: allows plain `http` to loopback addresses.
    public var allowsLoopback: Bool

    /// A configuration with the cache times of the reference implementations.
    public init(directory: WebURL, handleService: WebURL? = nil, allowsLoopback: Bool = false) {
        self.directory = directory
        self.handleService = handleService
        freshness = .seconds(3600)
        staleness = .seconds(24 * 3600)
        negativeFreshness = .seconds(300)
        handleFreshness = .seconds(600)
        capacity = 10_000
        directoryRate = 5
        hosts = HostBreaker(failures: 3, pause: .seconds(30), longestPause: .seconds(3600))
        timeout = .seconds(10)
        maximumDocument = 256 << 10
        self.allowsLoopback = allowsLoopback
    }
}
