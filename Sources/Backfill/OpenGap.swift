package import ATProtocol
package import Firehose
package import Network

/// A stretch of the stream that nobody has read and that no sweep has closed yet.
package struct OpenGap: Sendable, Equatable, Identifiable {
    /// Its number in the store; a later one has a higher number.
    package let id: Int64
    /// Where the gap is, and why it arose.
    package let gap: StreamGap
    /// When its first sweep was done; nil before.
    package let sweptAt: UnixTime?
    /// How long those who did not answer were asked, restarts included.
    package let tried: Duration
    /// Who did not answer in the last pass, and when they are asked again; nil when everybody did.
    package let wait: SweepWait?

    /// A gap as it was stored.
    package init(id: Int64, gap: StreamGap, sweptAt: UnixTime? = nil, tried: Duration = .zero, wait: SweepWait? = nil) {
        self.id = id
        self.gap = gap
        self.sweptAt = sweptAt
        self.tried = tried
        self.wait = wait
    }
}

/// Where gaps are kept until they are closed, beside what was seen.
package protocol GapStore: Sendable {
    /// The gaps that are still to be closed, oldest first.
    func openGaps() async throws -> [OpenGap]

    /// What the ledger knows that a sweep needs.
    func sweepKnowledge() async throws -> SweepKnowledge

    /// Whether a record was seen before, in any way.
    func knows(_ uri: ATURI) async throws -> Bool

    /// An author's requests in a collection whose recipients are not all told yet, the newest first.
    func waiting(of pair: SweepPair) async throws -> [WaitingRequest]

    /// The round that has begun and not ended; nil when there is none.
    func round() async throws -> SweepRound?

    /// Begins a round for all open gaps up to one of them; it replaces a round that has not ended.
    func beginRound(upTo gap: OpenGap.ID, window: ClosedRange<Int64>, at now: UnixTime) async throws -> SweepRound

    /// Who has answered in a round.
    func answered(in round: SweepRound.ID) async throws -> Set<SweepPair>

    /// Notes that somebody did not answer in a pass, and for each gap how long we waited since the pass before.
    func note(_ wait: SweepWait, waited: [OpenGap.ID: Duration]) async throws
}
