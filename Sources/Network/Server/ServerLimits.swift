/// What the clients of a server may use, so that they cannot block it or make it grow.
public struct ServerLimits: Sendable {
    /// The number of connections; a new one beyond it replaces the oldest.
    public var connections = 64
    /// Connections per address (per /64 network for IPv6); a new one beyond it replaces the oldest of them.
    public var connectionsPerAddress = 16
    /// The largest head of a request in bytes; a larger one is refused with 414 or 431.
    public var memory = 16 << 10
    /// How long a connection may last, even while bytes arrive.
    public var duration: Duration = .seconds(10)

    /// The default limits.
    public init() {}
}
