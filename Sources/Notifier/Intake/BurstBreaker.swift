internal import ATProtocol
internal import Network

/// Notices authors who write faster than a human, by the times at which the stream saw their requests.
///
/// After a long absence a whole day's requests arrive within a second; their own times show that nobody wrote fast.
struct BurstBreaker: Sendable {
    private struct Author {
        // By record, so that an event that is read again counts once.
        var times: [RecordKey: UnixTime] = [:]
        var burst: Burst?
    }

    /// What a request means for its author.
    enum Judgement: Equatable {
        case passes
        /// This request exceeds the limit.
        case trips(Burst)
        /// The author is blocked already.
        case blocked
    }

    private let limit: Int
    private let window: Duration
    private let pause: Duration
    private var authors: [DID: Author] = [:]
    /// Strangers choose the authors, so their number is bounded.
    static let capacity = 10_000

    /// A breaker that still blocks the authors of these bursts, unless the limit was raised since.
    init(_ policy: PolicyConfiguration, bursts: [DID: Burst] = [:]) {
        limit = max(1, policy.authorBurst)
        window = policy.burstWindow
        pause = policy.burstPause
        authors = bursts.filter { [limit] in $0.value.number >= limit }.mapValues { Author(burst: $0) }
    }

    /// Counts a request that an author wrote at a time.
    mutating func judge(_ did: DID, _ record: RecordKey, at time: UnixTime) -> Judgement {
        if authors.count >= Self.capacity, authors[did] == nil { forget(at: time) }
        var author = authors[did] ?? Author()
        defer { authors[did] = author }
        guard !isBlocked(author, at: time) else { return .blocked }
        author.times = author.times.filter { $0.value > time - window }
        author.times[record] = time
        guard author.times.count >= limit else { return .passes }
        let burst = Burst(number: author.times.count, at: time)
        author = Author(burst: burst)
        return .trips(burst)
    }

    // Requests that are read again after a restart may belong to the burst itself.
    private func isBlocked(_ author: Author, at time: UnixTime) -> Bool {
        author.burst.map { $0.at - window < time && time < $0.at + pause } ?? false
    }

    private mutating func forget(at time: UnixTime) {
        authors = authors.filter { author in
            isBlocked(author.value, at: time) || author.value.times.values.contains { $0 > time - window }
        }
        if authors.count >= Self.capacity { authors = authors.filter { isBlocked($0.value, at: time) } }
    }
}
