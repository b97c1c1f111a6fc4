public import ATProtocol

/// One asking of all authors for everything that lies in the gaps which were open when it began.
///
/// It is kept until it has ended, so that a restart goes on with those who were not asked yet.
public struct SweepRound: Sendable, Equatable, Identifiable {
    /// Its number in the store; a later one has a higher number.
    public let id: Int64
    /// The last gap that it is for; all open ones before are its own, too.
    public let gap: OpenGap.ID
    /// When what is looked for begins and ends, in microseconds since the Unix epoch: arrival times, as in the gaps.
    public let window: ClosedRange<Int64>

    /// A round as it was stored.
    public init(id: Int64, gap: OpenGap.ID, window: ClosedRange<Int64>) {
        self.id = id
        self.gap = gap
        self.window = window
    }
}

/// What the store knows that a sweep needs.
public struct SweepKnowledge: Sendable {
    /// The collections that wanted records were seen of.
    public var collections: [NSID]
    /// Who is known to have written to a collection, beside whom the directories name.
    public var authors: [NSID: [DID]]
    /// Since when a collection or namespace is followed, in microseconds since the Unix epoch: what was written before
    /// was never waited for.
    public var beginnings: [CollectionPattern: Int64]
    /// Who alone is asked; nil for everybody.
    var accounts: Set<DID>?

    /// This knowledge.
    public init(
        collections: [NSID] = [],
        authors: [NSID: [DID]] = [:],
        beginnings: [CollectionPattern: Int64] = [:]
    ) {
        self.collections = collections
        self.authors = authors
        self.beginnings = beginnings
    }
}
