public import ATProtocol
public import Network

/// Which hosts are followed, for what, and with how much patience.
public struct StreamConfiguration: Sendable {
    /// How much of a relay's data is proven (atproto.com/specs/sync).
    public enum Verification: String, Sendable, CaseIterable {
        /// Nothing: the relay is believed.
        case off
        /// The commits that touch a wanted collection.
        case matched
    }

    /// The hosts in order of preference.
    public var hosts: [StreamSource]
    /// How many different hosts are followed at the same time: what one of them misses comes by another.
    public var parallelHosts: Int
    /// How much later than a host's own time, in the time of its events, an event may come before the host counts as
    /// having missed it.
    public var missWindow: Duration
    /// The collections, and the namespaces of them, whose commits are wanted.
    public var collections: [CollectionPattern]
    /// How far before now a stream is read that has never been followed.
    public var initialMargin: Duration
    /// How far before the last known time another host is asked to start: clock skew and uneven coverage.
    public var hostChangeMargin: Duration
    /// How far before now a gap begins where no time is known that can be believed.
    public var doubtMargin: Duration
    /// How long a host may bring nothing before others are looked at, by which alone it can be told whether it is ill.
    public var stallTimeout: Duration
    /// How long a Jetstream of version 2 may take to show the first of the known events again.
    ///
    /// Its cursor is inclusive, so that they are the first that it sends; one that is silent has gone live without a
    /// word.
    public var overlapTimeout: Duration
    /// The longest that a moved position waits to be handed over when nothing matches.
    public var positionInterval: Duration
    /// How long a better host must have been out of the penalty box before the stream goes back to it.
    public var failBackDelay: Duration
    /// What is proven of a relay's data.
    public var verification: Verification
    /// The largest message that is accepted, in bytes.
    public var maximumMessage: Int
    /// A PEM file of certificate authorities beside the system's; nil for none.
    public var certificateAuthorities: String?
    /// How long a reader that has drained its socket rests before it looks again; never while it catches up.
    ///
    /// At most 80 ms: a ping that comes meanwhile is answered within 100 ms (invariant 4).
    public var coalesce: Duration
    /// The HTTP proxy that secure connections go through, and its exceptions.
    public var proxy: ProxySettings
    /// Who we say that we are.
    public var userAgent: String
    /// The folder that the flight recorder writes to when a stream breaks or has a gap; nil for no recorder.
    public var recorderDirectory: String?
    /// The bytes of messages that the flight recorder keeps.
    public var recorderCapacity: Int
    /// The development switch: plain `ws` to loopback addresses.
    public var allowsLoopback: Bool

    /// A configuration with the usual patience, for hosts that are asked for nothing but their stream.
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
