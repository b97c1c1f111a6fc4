internal import Network
internal import Synchronization

/// One request that a server of the sandbox answered, or refused to.
public struct JournalEntry: Sendable {
    public let request: IncomingRequest
    /// When all of it had come.
    public let arrival: ContinuousClock.Instant
    /// Status of the response, also when a fault kept it from arriving; nil when a fault kept the server from acting.
    public let status: Int?
    /// The fault that struck.
    public let fault: Fault?

    init(_ request: IncomingRequest, at arrival: ContinuousClock.Instant, status: Int?, fault: Fault?) {
        self.request = request
        self.arrival = arrival
        self.status = status
        self.fault = fault
    }
}

/// Every request, in order: evidence for "exactly one request was made".
public final class Journal: Sendable {
    private static let capacity = 20_000

    private let entries = Mutex<[JournalEntry]>([])
    private let broadcast = Broadcast<JournalEntry>()

    /// The entries whose `server METHOD /path?query` contains the pattern; all for an empty pattern.
    public func entries(matching pattern: String = "") -> [JournalEntry] {
        entries.withLock { $0.filter { pattern.isEmpty || $0.request.line.contains(pattern) } }
    }

    /// The entries from now on.
    public func stream() -> AsyncStream<JournalEntry> { broadcast.stream() }

    /// Forgets the past.
    public func clear() { entries.withLock { $0 = [] } }

    func append(_ entry: JournalEntry) {
        entries.withLock {
            if $0.count == Self.capacity { $0.removeFirst(Self.capacity / 2) }
            $0.append(entry)
        }
        broadcast.send(entry)
    }
}
