public import Network

/// The protocols that a stream host may speak.
public struct StreamWire: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The stable name.
    public let rawValue: String

    /// A wire of this name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// `network.bsky.jetstream.subscribeEvents`; positions are sequence numbers of one host.
    public static let jetstream2 = StreamWire(rawValue: "jetstream-v2")
    /// `/subscribe`; positions are microseconds since the Unix epoch.
    public static let jetstream1 = StreamWire(rawValue: "jetstream-v1")
    /// `com.atproto.sync.subscribeRepos`; positions are sequence numbers of one host.
    public static let relay = StreamWire(rawValue: "relay")

    /// The stable name.
    public var description: String { rawValue }
}

/// How far a stream has been read: meaningful only to the host and wire that gave it.
public struct StreamPosition: Sendable, Hashable {
    /// Host name and port of the stream.
    public let host: String
    /// What the value means.
    public let wire: StreamWire
    /// Sequence number, or microseconds for ``StreamWire/jetstream1``.
    public let value: Int64
    /// When the host witnessed the event at this position, in microseconds since the Unix epoch.
    ///
    /// The only part that another host understands. Never taken from a commit's `time` on v2, which may be an
    /// imported one.
    public let witnessed: Int64

    /// When the host witnessed the event at this position.
    public var witnessedAt: UnixTime { UnixTime(microseconds: witnessed) }

    /// A position with these parts.
    public init(host: String, wire: StreamWire, value: Int64, witnessed: Int64) {
        self.host = host
        self.wire = wire
        self.value = value
        self.witnessed = witnessed
    }
}

extension Int64 {
    /// Whether a host may number a message so: what JSON carries exactly (RFC 8259 §6), and nothing overflows.
    var isSequence: Bool { (1..<(1 << 53)).contains(self) }
}
