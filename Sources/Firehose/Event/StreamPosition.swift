public import Network

/// The wire protocol of a stream host.
public struct StreamWire: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The XRPC method `network.bsky.jetstream.subscribeEvents`; positions are sequence numbers of one host.
    public static let jetstream2 = StreamWire(rawValue: "jetstream-v2")
    /// The path `/subscribe`; positions are microseconds since the Unix epoch.
    public static let jetstream1 = StreamWire(rawValue: "jetstream-v1")
    /// The XRPC method `com.atproto.sync.subscribeRepos`; positions are sequence numbers of one host.
    public static let relay = StreamWire(rawValue: "relay")

    public var description: String { rawValue }
}

/// How far a stream has been read; valid only for the host and wire that it comes from.
public struct StreamPosition: Sendable, Hashable {
    /// The host name and port of the stream.
    public let host: String
    /// The wire protocol, which determines the meaning of the value.
    public let wire: StreamWire
    /// A sequence number, or microseconds for ``StreamWire/jetstream1``.
    public let value: Int64
    /// When the host saw the event at this position, in microseconds since the Unix epoch.
    ///
    /// It is the only part that is valid on other hosts. On v2 it is not taken from a commit's `time`, which may have
    /// been imported.
    public let witnessed: Int64

    /// When the host saw the event at this position, as a moment.
    public var witnessedAt: UnixTime { UnixTime(microseconds: witnessed) }

    public init(host: String, wire: StreamWire, value: Int64, witnessed: Int64) {
        self.host = host
        self.wire = wire
        self.value = value
        self.witnessed = witnessed
    }
}

extension Int64 {
    /// Whether this is a valid sequence number: JSON represents it exactly (RFC 8259 §6), and nothing overflows.
    var isSequence: Bool { (1..<(1 << 53)).contains(self) }
}
