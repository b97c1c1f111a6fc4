package import ATProtocol

/// One round of asking all authors, for everything in the gaps that were open when it began.
///
/// It is stored until it ends, so that a restart goes on with the authors who were not asked yet.
package struct SweepRound: Sendable, Equatable, Identifiable {
    /// Its number in the store; a later one has a higher number.
    package let id: Int64
    /// The last gap that it is for; it also covers all earlier open gaps.
    package let gap: OpenGap.ID
    /// The window that is looked for: arrival times, as in the gaps, in microseconds since the Unix epoch.
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
    /// The collections in which wanted records were seen.
    package var collections: [NSID]
    /// Who is known to have written to a collection, apart from those whom the directories name.
    package var authors: [NSID: [DID]]
    /// Since when a collection or namespace is followed, in microseconds since the Unix epoch.
    ///
    /// What was written before that was never wanted.
    package var beginnings: [CollectionPattern: Int64]
    /// The only accounts to ask; nil for everybody.
    var accounts: Set<DID>?

    package init(collections: [NSID] = [], authors: [NSID: [DID]] = [:], beginnings: [CollectionPattern: Int64] = [:]) {
        self.collections = collections
        self.authors = authors
        self.beginnings = beginnings
    }
}
