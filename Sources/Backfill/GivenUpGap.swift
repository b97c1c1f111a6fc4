package import ATProtocol
package import Firehose
package import Network

/// A gap that was closed although somebody never answered, or not completely.
package struct GivenUpGap: Sendable, Equatable {
    /// Where the gap is, and why it arose.
    package let gap: StreamGap
    /// When it was closed.
    package let closedAt: UnixTime
    /// One clause: who had not answered when it was closed, and why.
    package let unanswered: String

    /// A gap as it was stored.
    package init(gap: StreamGap, closedAt: UnixTime, unanswered: String) {
        self.gap = gap
        self.closedAt = closedAt
        self.unanswered = unanswered
    }
}

extension StreamGap {
    /// Whether a record may have arrived in the gap, by its author and by the time in its key.
    ///
    /// - Parameters:
    ///   - uri: the record.
    ///   - lookback: ``SweepConfiguration/lookback``.
    /// - Returns: whether it may; true for a record whose key is no time.
    package func mayHold(_ uri: ATURI, lookback: Duration) -> Bool {
        guard account == nil || account == uri.did else { return false }
        guard let key = uri.recordKey, let time = (try? TID(key.text))?.time else { return true }
        let tolerance = Duration.microseconds(RepositoryBackfill.clockTolerance)
        let (first, last) = (UnixTime(microseconds: from) - lookback, UnixTime(microseconds: until))
        return time >= first - tolerance && time <= last + tolerance
    }
}
