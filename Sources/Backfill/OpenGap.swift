package import ATProtocol
package import Firehose
package import Network

/// A stretch of the stream that nobody has read and no sweep has closed yet.
package struct OpenGap: Sendable, Equatable, Identifiable {
    /// Its number in the store; a later one has a higher number.
    package let id: Int64
    /// Where and why.
    package let gap: StreamGap
    /// When it was declared.
    package let noticedAt: UnixTime
    /// When it was looked through for the first time; nil before.
    package let sweptAt: UnixTime?
    /// How long somebody was asked who has not answered, restarts included.
    package let tried: Duration
    /// Who did not answer in the last pass, and when they are asked again; nil when nobody was missing.
    package let wait: SweepWait?

    /// A gap as it was stored.
    package init(
        id: Int64,
        gap: StreamGap,
        noticedAt: UnixTime,
        sweptAt: UnixTime? = nil,
        tried: Duration = .zero,
        wait: SweepWait? = nil
    ) {
        self.id = id
        self.gap = gap
        self.noticedAt = noticedAt
        self.sweptAt = sweptAt
        self.tried = tried
        self.wait = wait
    }
}

/// Where gaps are kept until they are closed, beside what was seen.
package protocol GapStore: Sendable {
    /// The gaps that are still to be closed, oldest first.
    func openGaps() async throws -> [OpenGap]

    /// What a sweep goes by.
    func sweepKnowledge() async throws -> SweepKnowledge

    /// Whether a record was seen before, by whatever way.
    func knows(_ uri: ATURI) async throws -> Bool

    /// The requests of an author in a collection of which somebody is still to be told, the newest first.
    func waiting(of pair: SweepPair) async throws -> [WaitingRequest]

    /// The round that has begun and not ended; nil when there is none.
    func round() async throws -> SweepRound?

    /// Begins a round for all open gaps up to one of them, in the place of one that has not ended.
    func beginRound(upTo gap: OpenGap.ID, window: ClosedRange<Int64>, at now: UnixTime) async throws -> SweepRound

    /// Who has answered in a round.
    func answered(in round: SweepRound.ID) async throws -> Set<SweepPair>

    /// Notes that somebody did not answer in a pass, and how long they were waited for since the pass before it, by gap.
    func note(_ wait: SweepWait, waited: [OpenGap.ID: Duration]) async throws
}
