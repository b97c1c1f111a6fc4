/// Which connections a server has, and which of them must end: a book without sockets.
///
/// A connection that must end is named once; it stays in the book, where it counts no more, until it is closed.
struct ConnectionTable {
    private struct Connection {
        let source: [UInt8]
        let deadline: ContinuousClock.Instant
        var isEnding = false
    }

    private let limits: ServerLimits
    private var connections: [Int32: Connection] = [:]

    /// An empty book.
    init(limits: ServerLimits) { self.limits = limits }

    /// How many are open, those that are ending included.
    var count: Int { connections.count }

    /// All that are open.
    var descriptors: [Int32] { Array(connections.keys) }

    /// When the next one must end if it is still open; nil when none is.
    var nextDeadline: ContinuousClock.Instant? { remaining.map(\.value.deadline).min() }

    private var remaining: [Int32: Connection] { connections.filter { !$0.value.isEnding } }

    /// Takes note of a new connection.
    ///
    /// - Parameters:
    ///   - descriptor: its own until ``close(_:)``.
    ///   - source: what counts as one address.
    ///   - now: the time; never earlier than at the call before.
    /// - Returns: the descriptor of the connection that makes room for it, if any: the oldest of the same source, or of all.
    mutating func open(_ descriptor: Int32, from source: [UInt8], at now: ContinuousClock.Instant) -> Int32? {
        connections[descriptor] = Connection(source: source, deadline: now + limits.duration)
        let remaining = remaining
        let siblings = remaining.filter { $0.value.source == source }
        let crowd =
            siblings.count > limits.connectionsPerAddress
            ? siblings : remaining.count > limits.connections ? remaining : [:]
        // The new one is the last to go, also among those of the same instant.
        let oldest = crowd.filter { $0.key != descriptor }.min { $0.value.deadline < $1.value.deadline }?.key
        if let oldest { connections[oldest]?.isEnding = true }
        return oldest
    }

    /// Forgets a connection; its descriptor may be another's from now on.
    mutating func close(_ descriptor: Int32) { connections[descriptor] = nil }

    /// The descriptors of the connections whose time is up.
    mutating func expire(at now: ContinuousClock.Instant) -> [Int32] {
        let expired = remaining.filter { $0.value.deadline <= now }.map(\.key)
        for descriptor in expired { connections[descriptor]?.isEnding = true }
        return expired
    }
}
