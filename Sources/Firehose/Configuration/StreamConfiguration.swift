public import ATProtocol
public import Network

/// The hosts to follow, the wanted collections, and time limits.
public struct StreamConfiguration: Sendable {
    /// How much of a relay's data is verified (atproto.com/specs/sync).
    public enum Verification: String, Sendable, CaseIterable {
        /// Nothing: the relay is trusted.
        case off
        /// The commits in wanted collections.
        case matched
    }

    /// The hosts, in order of preference.
    public var hosts: [StreamSource]
    /// How many different hosts are followed at the same time, so that one delivers what another misses.
    public var parallelHosts: Int
    /// How far a host's time may pass an event before the host counts as having missed the event.
    public var missWindow: Duration
    /// The wanted collections, and namespaces of collections.
    public var collections: [CollectionPattern]
    /// How far back to begin when no stream has ever been followed.
    public var initialMargin: Duration
    /// How far before the last known time to begin on another host, because of clock skew and uneven coverage.
    public var hostChangeMargin: Duration
    /// How far before now a gap begins if no known time can be trusted.
    public var doubtMargin: Duration
    /// How long a host may be silent before it is compared with other hosts.
    public var stallTimeout: Duration
    /// How long a Jetstream v2 may take to show the first of the known events again.
    ///
    /// Its cursor is inclusive, so these are the first events that it sends. A host that stays silent has silently gone
    /// live.
    public var overlapTimeout: Duration
    /// The longest time before a new position is handed over when no event matches.
    public var positionInterval: Duration
    /// How long a preferred host must have been out of the penalty box before we return to it.
    public var failBackDelay: Duration
    /// How much of a relay's data is verified.
    public var verification: Verification
    /// The largest message to accept, in bytes.
    public var maximumMessage: Int
    /// A PEM file of certificate authorities to trust besides the system's; nil for none.
    public var certificateAuthorities: String?
    /// How long a reader rests after it has drained its socket; it does not rest while it catches up.
    ///
    /// At most 80 ms, so that a ping is answered within 100 ms (invariant 4).
    public var coalesce: Duration
    /// The HTTP proxy for secure connections, and its exceptions.
    public var proxy: ProxySettings
    /// The value of `User-Agent`.
    public var userAgent: String
    /// The directory where the flight recorder writes when a stream breaks or has a gap; nil for no recorder.
    public var recorderDirectory: String?
    /// How many bytes of messages the flight recorder keeps.
    public var recorderCapacity: Int
    /// For development: allows plain `ws` to loopback addresses.
    public var allowsLoopback: Bool

    /// A configuration with the default time limits, for hosts without a key or compression.
    public init(hosts: [WebURL], collections: [CollectionPattern], allowsLoopback: Bool = false) {
        self.hosts = hosts.map { StreamSource($0) }
        self.collections = collections
        parallelHosts = 1
        missWindow = .seconds(60)
        initialMargin = .seconds(60)
        hostChangeMargin = .seconds(120)
        doubtMargin = .seconds(86_400)
        stallTimeout = .seconds(60)
        overlapTimeout = .seconds(20)
        positionInterval = .seconds(5)
        failBackDelay = .seconds(600)
        verification = .matched
        maximumMessage = 8 << 20
        certificateAuthorities = nil
        coalesce = .milliseconds(10)
        proxy = .none
        userAgent = "impact-notifier"
        recorderDirectory = nil
        recorderCapacity = 1 << 20
        self.allowsLoopback = allowsLoopback
    }
}
