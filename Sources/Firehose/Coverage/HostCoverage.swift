internal import Logging
internal import Metrics
internal import Network
internal import Synchronization

/// What each host has delivered and missed; shared by the connections of one follower.
///
/// Readers call it from their threads, so it only computes under its lock.
package final class HostCoverage: Sendable {
    /// Whether other hosts were read during a gap of one host.
    package enum Coverage: Sendable, Equatable {
        /// This host was read without a break during the whole gap, and is not known to miss events.
        case covered(by: String)
        /// A host is being read that will soon have covered the gap.
        case underway
        /// No other host was read.
        case none
    }

    private struct State {
        var detector: MissDetector
        /// Misses of a host since its last log line, and the time of that line.
        var unlogged: [Upstream: (count: Int, last: ContinuousClock.Instant?)] = [:]
    }

    /// How often a host may get a log line about its misses.
    private static let logInterval = Duration.seconds(60)

    private let state: Mutex<State>
    private let isComparing: Bool
    private let logger: Logger

    init(_ configuration: StreamConfiguration, logger: Logger) {
        state = Mutex(State(detector: MissDetector(window: configuration.missWindow.microseconds)))
        isComparing = configuration.parallelHosts > 1
        self.logger = logger
    }

    /// All hosts that were connected since the start, sorted by name.
    package var reports: [HostReport] {
        state.withLock(\.detector.accounts).map { host, account in
            HostReport(
                host: host.name,
                wire: host.wire,
                isConnected: account.isConnected,
                isCompressed: account.isCompressed,
                since: account.stretch?.since,
                until: account.stretch?.until,
                missed: account.missed,
                late: account.late
            )
        }.sorted { ($0.host, $0.wire.rawValue) < ($1.host, $1.wire.rawValue) }
    }

    /// Whether a gap of one host was covered by another.
    ///
    /// A sweep that an operator asks for is always done: it finds what no host delivered, for example when a repository
    /// was replaced and no commit announced all of its records.
    package func coverage(of gap: StreamGap) -> Coverage {
        guard gap.reason != .operatorRequest, gap.account == nil else { return .none }
        let others = reports.filter { report in
            (report.host != gap.host || report.wire != gap.wire) && report.missed == report.late
                && report.since.map { $0 <= gap.from } ?? false
        }
        if let complete = others.first(where: { $0.until.map { $0 >= gap.until } ?? false }) {
            return .covered(by: complete.host)
        }
        return others.contains(where: \.isConnected) ? .underway : .none
    }

    func opened(_ host: Upstream, isCompressed: Bool) {
        state.withLock { $0.detector.opened(host, isCompressed: isCompressed) }
    }

    func ended(_ host: Upstream) { state.withLock { $0.detector.ended(host) } }

    func begin(_ host: Upstream, at time: Int64) { state.withLock { $0.detector.begin(host, at: time) } }

    func resume(_ host: Upstream, at time: Int64) { state.withLock { $0.detector.resume(host, at: time) } }

    /// Records a batch that was handed over, and logs what the host has missed.
    ///
    /// - Parameters:
    ///   - events: the events of the batch.
    ///   - host: the host that delivered them.
    ///   - time: up to which the host has been read; nil when it is not proven that its stretch continues.
    func receive(_ events: [StreamEvent], from host: Upstream, until time: Int64?) {
        let commits = isComparing ? events.filter(\.isCommit) : []
        let (findings, unlogged) = state.withLock { state in
            let findings = state.detector.receive(commits, from: host, until: time)
            return (findings, findings.misses.isEmpty ? nil : Self.due(&state, host, findings.misses.count))
        }
        if findings.late > 0 { StreamMetrics.compared("late", host.name).increment(by: findings.late) }
        guard let miss = findings.misses.last else { return }
        StreamMetrics.compared("missed", host.name).increment(by: findings.misses.count)
        guard let unlogged else { return }
        logger.warning(
            "stream host missed an event",
            metadata: [
                "host": "\(host.name)", "wire": "\(host.wire)", "uri": "\(miss.uri)", "by": "\(miss.source.name)",
                "count": .stringConvertible(unlogged),
                "to_do": "another host brought it, so that nothing is lost; replace the host if it goes on",
            ]
        )
    }

    /// How many misses a log line should report now; nil when the last line is too recent.
    private static func due(_ state: inout State, _ host: Upstream, _ count: Int) -> Int? {
        let (before, last) = state.unlogged[host] ?? (0, nil)
        let isDue = last.map { ContinuousClock.now - $0 >= logInterval } ?? true
        state.unlogged[host] = isDue ? (0, .now) : (before + count, last)
        return isDue ? before + count : nil
    }
}
