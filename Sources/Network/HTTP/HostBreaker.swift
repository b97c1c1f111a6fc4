/// Pauses requests to a host that fails repeatedly, so that a dead host does not keep others waiting for its timeout.
public struct HostBreaker: Sendable {
    private struct Record {
        var failures = 0
        var pausedUntil = UnixTime.distantPast
        var usedAt = UnixTime.distantPast
        var failure = ""
    }

    private let failures: Int
    private let pause: Duration
    private let longestPause: Duration
    private var hosts: [String: Record] = [:]
    /// Strangers choose the hosts, so the number of remembered hosts is limited.
    public static let capacity = 2000

    /// A breaker without recorded failures.
    ///
    /// - Parameters:
    ///   - failures: how many failures in a row lead to the first pause.
    ///   - pause: the length of the first pause; each further failure doubles it.
    ///   - longestPause: the limit for a pause.
    public init(failures: Int, pause: Duration, longestPause: Duration) {
        self.failures = failures
        self.pause = pause
        self.longestPause = longestPause
    }

    /// How long to leave a host alone, and its last failure; nil when requests are allowed.
    public func pause(of host: String, now: UnixTime) -> (length: Duration, failure: String)? {
        hosts[host].flatMap { $0.pausedUntil > now ? ($0.pausedUntil - now, $0.failure) : nil }
    }

    /// Records a response of the host; a server error counts as a failure.
    public mutating func answered(_ host: String, _ response: HTTPResponse, now: UnixTime) {
        if response.status >= 500 || response.status == 429 {
            failed(host, "status \(response.status)", now: now)
        } else {
            hosts[host] = nil
        }
    }

    /// Records that the host gave no response; a request that was never sent does not count.
    public mutating func failed(_ host: String, _ failure: HTTPError, now: UnixTime) {
        if failure.code != .refusedHost { failed(host, failure.code.rawValue, now: now) }
    }

    private mutating func failed(_ host: String, _ failure: String, now: UnixTime) {
        if hosts.count >= Self.capacity, hosts[host] == nil { evict(now: now) }
        var record = hosts[host] ?? Record()
        record.failures += 1
        (record.usedAt, record.failure) = (now, failure)
        let excess = record.failures - failures
        if excess >= 0 {
            record.pausedUntil = now + pause.doubled(excess, atMost: longestPause)
        }
        hosts[host] = record
    }

    /// How many hosts are paused now.
    public func pausedCount(now: UnixTime) -> Int { hosts.values.count { $0.pausedUntil > now } }

    private mutating func evict(now: UnixTime) {
        hosts = hosts.filter { $0.value.pausedUntil > now }
        if hosts.count >= Self.capacity, let oldest = hosts.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            hosts[oldest.key] = nil
        }
    }
}
