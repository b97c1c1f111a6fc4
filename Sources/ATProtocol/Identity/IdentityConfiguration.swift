public import Network

/// Where identities are looked up, and how long an answer counts.
public struct IdentityConfiguration: Sendable {
    /// Origin of the directory of `did:plc`; the network's own is `https://plc.directory`.
    public var directory: WebURL
    /// Origin of the service that resolves handles; nil when there is none.
    public var handleService: WebURL?
    /// An answer is used so long without asking again.
    public var freshness: Duration
    /// An answer is used so long when asking again fails.
    public var staleness: Duration
    /// A refusal is remembered so long.
    public var negativeFreshness: Duration
    /// A handle's answer is used so long without asking again.
    public var handleFreshness: Duration
    /// The most answers that are remembered.
    public var capacity: Int
    /// The most requests per second that the directory gets.
    public var directoryRate: Double
    /// When a host of `did:web` documents that fails gets a pause.
    public var hosts: HostBreaker
    /// From the start of one request to its last byte.
    public var timeout: Duration
    /// The largest document that is accepted, in bytes.
    public var maximumDocument: Int
    /// The development switch: plain `http` to loopback addresses.
    public var allowsLoopback: Bool

    /// A configuration with the patience of the reference implementations.
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
