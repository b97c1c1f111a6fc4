/// What the clients of a server may take: none of them can hold it up, or make it grow.
public struct ServerLimits: Sendable {
    /// Connections in total; the oldest makes room for one more.
    public var connections = 64
    /// Connections of one address (of one /64 network with IPv6); the oldest of them makes room for one more.
    public var connectionsPerAddress = 16
    /// Bytes for the head of one request; a longer one is refused with 414 or 431.
    public var memory = 16 << 10
    /// How long a connection may last, whatever passes on it: a byte a second is no reason to wait longer.
    public var duration: Duration = .seconds(10)

    /// This program's usual limits.
    public init() {}
}
