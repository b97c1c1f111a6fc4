internal import ATProtocol
internal import Network

/// Notices an author who writes faster than a person does, by the times at which the stream saw the requests.
///
/// After a long absence a day's requests come in within a second; their own times tell that nobody was fast.
struct BurstBreaker: Sendable {
    private struct Author {
        // By record, so that an event that is read again counts once.
        var times: [RecordKey: UnixTime] = [:]
        var blockedUntil = UnixTime.distantPast
    }

    /// What a request means for its author.
    enum Judgement: Equatable {
        case passes
        /// This request is the one too many.
        case trips
        /// The author is blocked already.
        case blocked
    }

    private let limit: Int
    private let window: Duration
    private let pause: Duration
    private var authors: [DID: Author] = [:]
    /// Strangers choose the authors, so their number is bounded.
    static let capacity = 10_000

    init(_ policy: PolicyConfiguration) {
        limit = max(1, policy.authorBurst)
        window = policy.burstWindow
        pause = policy.burstPause
    }

    /// Counts a request of an author at a time.
    mutating func judge(_ did: DID, _ record: RecordKey, at time: UnixTime) -> Judgement {
        if authors.count >= Self.capacity, authors[did] == nil { forget(at: time) }
        var author = authors[did] ?? Author()
        defer { authors[did] = author }
        guard author.blockedUntil <= time else { return .blocked }
        author.times = author.times.filter { $0.value > time - window }
        author.times[record] = time
        guard author.times.count >= limit else { return .passes }
        author.times = [:]
        author.blockedUntil = time + pause
        return .trips
    }

    private mutating func forget(at time: UnixTime) {
        authors = authors.filter {
            $0.value.blockedUntil > time || $0.value.times.values.contains { $0 > time - window }
        }
        if authors.count >= Self.capacity { authors = authors.filter { $0.value.blockedUntil > time } }
    }
}
