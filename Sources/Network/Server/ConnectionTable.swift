/// Keeps track of a server's connections and decides which must end; it does not touch sockets.
///
/// It reports a connection that must end once. From then on the connection does not count against the limits, but it
/// stays in the table until it is closed.
struct ConnectionTable {
    private struct Connection {
        let source: [UInt8]
        let deadline: ContinuousClock.Instant
        var isEnding = false
    }

    private let limits: ServerLimits
    private var connections: [Int32: Connection] = [:]

    init(limits: ServerLimits) { self.limits = limits }

    /// The number of open connections, including those that are ending.
    var count: Int { connections.count }

    /// The descriptors of all open connections.
    var descriptors: [Int32] { Array(connections.keys) }

    /// When the next connection must end; nil when there is none.
    var nextDeadline: ContinuousClock.Instant? { remaining.map(\.value.deadline).min() }

    private var remaining: [Int32: Connection] { connections.filter { !$0.value.isEnding } }

    /// Adds a new connection.
    ///
    /// - Parameters:
    ///   - descriptor: identifies the connection until ``close(_:)``.
    ///   - source: the peer, as ``SocketAddress`` tells one from another.
    ///   - now: the time; never earlier than in the call before.
    /// - Returns: the descriptor of the connection that must make room, if any: the oldest from this source, or of all.
    mutating func open(_ descriptor: Int32, from source: [UInt8], at now: ContinuousClock.Instant) -> Int32? {
        connections[descriptor] = Connection(source: source, deadline: now + limits.duration)
        let remaining = remaining
        let siblings = remaining.filter { $0.value.source == source }
        let crowd =
            siblings.count > limits.connectionsPerAddress
            ? siblings : remaining.count > limits.connections ? remaining : [:]
        // The new connection goes last, even among those of the same instant.
        let oldest = crowd.filter { $0.key != descriptor }.min { $0.value.deadline < $1.value.deadline }?.key
        if let oldest { connections[oldest]?.isEnding = true }
        return oldest
    }

    /// Removes a connection; its descriptor may be reused from now on.
    mutating func close(_ descriptor: Int32) { connections[descriptor] = nil }

    /// The descriptors of the connections whose time has run out.
    mutating func expire(at now: ContinuousClock.Instant) -> [Int32] {
        let expired = remaining.filter { $0.value.deadline <= now }.map(\.key)
        for descriptor in expired { connections[descriptor]?.isEnding = true }
        return expired
    }
}
