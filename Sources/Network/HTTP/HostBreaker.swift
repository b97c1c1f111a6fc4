/// Gives hosts that fail in a row a pause, so that one that is dead cannot keep everybody waiting for its timeout.
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
    /// Strangers choose the hosts, so their number is bounded.
    public static let capacity = 2000

    /// A breaker that knows no failure yet.
    ///
    /// - Parameters:
    ///   - failures: so many in a row give a host its first pause.
    ///   - pause: the first; each failure after it doubles it.
    ///   - longestPause: no pause is longer.
    public init(failures: Int, pause: Duration, longestPause: Duration) {
        self.failures = failures
        self.pause = pause
        self.longestPause = longestPause
    }

    /// How long a host is left alone, and how it failed last; nil when it may be asked.
    public func pause(of host: String, now: UnixTime) -> (length: Duration, failure: String)? {
        hosts[host].flatMap { $0.pausedUntil > now ? ($0.pausedUntil - now, $0.failure) : nil }
    }

    /// The host answered: an error of the server is a failure.
    public mutating func answered(_ host: String, _ response: HTTPResponse, now: UnixTime) {
        if response.status >= 500 || response.status == 429 {
            failed(host, "status \(response.status)", now: now)
        } else {
            hosts[host] = nil
        }
    }

    /// The host gave no answer; what was never asked did not fail.
    public mutating func failed(_ host: String, _ failure: HTTPFailure, now: UnixTime) {
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

    /// Hosts that have a pause now.
    public func pausedCount(now: UnixTime) -> Int { hosts.values.count { $0.pausedUntil > now } }

    private mutating func evict(now: UnixTime) {
        hosts = hosts.filter { $0.value.pausedUntil > now }
        if hosts.count >= Self.capacity, let oldest = hosts.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            hosts[oldest.key] = nil
        }
    }
}
