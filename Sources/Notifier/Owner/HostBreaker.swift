internal import Network

/// Gives hosts that fail in a row a pause, so that one dead PDS cannot keep every lookup waiting for its timeout.
struct HostBreaker: Sendable {
    private struct Record {
        var failures = 0
        var pausedUntil = UnixTime.distantPast
        var usedAt = UnixTime.distantPast
        var failure = ""
    }

    private let configuration: LookupConfiguration
    private var hosts: [String: Record] = [:]
    /// Strangers choose the hosts, so their number is bounded.
    static let capacity = 2000

    init(_ configuration: LookupConfiguration) { self.configuration = configuration }

    /// How long a host is left alone, and how it failed last; nil when it may be asked.
    func pause(of host: String, now: UnixTime) -> (length: Duration, failure: String)? {
        hosts[host].flatMap { $0.pausedUntil > now ? ($0.pausedUntil - now, $0.failure) : nil }
    }

    /// The host answered.
    mutating func succeeded(_ host: String) { hosts[host] = nil }

    /// The host did not answer, or with an error of the server.
    mutating func failed(_ host: String, _ failure: String, now: UnixTime) {
        if hosts.count >= Self.capacity, hosts[host] == nil { evict(now: now) }
        var record = hosts[host] ?? Record()
        record.failures += 1
        (record.usedAt, record.failure) = (now, failure)
        let excess = record.failures - configuration.hostFailures
        if excess >= 0 {
            record.pausedUntil = now + configuration.hostPause.doubled(excess, atMost: configuration.maximumWait)
        }
        hosts[host] = record
    }

    /// Hosts that have a pause now.
    func pausedCount(now: UnixTime) -> Int { hosts.values.count { $0.pausedUntil > now } }

    private mutating func evict(now: UnixTime) {
        hosts = hosts.filter { $0.value.pausedUntil > now }
        if hosts.count >= Self.capacity, let oldest = hosts.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            hosts[oldest.key] = nil
        }
    }
}
