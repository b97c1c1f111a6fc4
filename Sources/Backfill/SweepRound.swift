package import ATProtocol

/// One asking of all authors for everything that lies in the gaps which were open when it began.
///
/// It is kept until it has ended, so that a restart goes on with those who were not asked yet.
package struct SweepRound: Sendable, Equatable, Identifiable {
    /// Its number in the store; a later one has a higher number.
    package let id: Int64
    /// The last gap that it is for; all open ones before are its own, too.
    package let gap: OpenGap.ID
    /// When what is looked for begins and ends, in microseconds since the Unix epoch: arrival times, as in the gaps.
    package let window: ClosedRange<Int64>

    /// A round as it was stored.
    package init(id: Int64, gap: OpenGap.ID, window: ClosedRange<Int64>) {
        self.id = id
        self.gap = gap
        self.window = window
    }
}

/// What the store knows that a sweep needs.
package struct SweepKnowledge: Sendable {
    /// The collections that wanted records were seen of.
    package var collections: [NSID]
    /// Who is known to have written to a collection, beside whom the directories name.
    package var authors: [NSID: [DID]]
    /// Since when a collection or namespace is followed, in microseconds since the Unix epoch: what was written before
    /// was never waited for.
    package var beginnings: [CollectionPattern: Int64]
    /// Who alone is asked; nil for everybody.
    var accounts: Set<DID>?

    /// This knowledge.
    package init(
        collections: [NSID] = [],
        authors: [NSID: [DID]] = [:],
        beginnings: [CollectionPattern: Int64] = [:]
    ) {
        self.collections = collections
        self.authors = authors
        self.beginnings = beginnings
    }
}
