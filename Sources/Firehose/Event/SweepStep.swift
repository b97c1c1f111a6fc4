package import ATProtocol

/// An author and a collection, of whom one question is.
package struct SweepPair: Sendable, Hashable {
    /// The author.
    package let author: DID
    /// The collection.
    package let collection: NSID

    /// This author's records of this collection.
    package init(_ author: DID, _ collection: NSID) {
        self.author = author
        self.collection = collection
    }
}

/// What a sweep has come to, to be stored behind the events that it found; gaps and rounds by their numbers in the store.
package enum SweepStep: Sendable, Equatable {
    /// Another host was read over the gap.
    case covered(Int64)
    /// A round has the whole answer of an author.
    case answered(SweepPair, round: Int64)
    /// A round is over: its gaps close that were looked through for the second time, these and those for which the first
    /// time was so long before.
    case ended(Int64, settled: [Int64], settling: Duration)
    /// A gap was swept for as long as that is done, and somebody has never answered, or not for everything: it is closed with
    /// that said.
    case givenUp(Int64)
}
