package import ATProtocol

/// An author and a collection, which a sweep asks about together.
package struct SweepPair: Sendable, Hashable {
    package let author: DID
    package let collection: NSID

    package init(_ author: DID, _ collection: NSID) {
        self.author = author
        self.collection = collection
    }
}

/// The progress of a sweep, to be stored after the events that it found; numbers identify gaps and rounds in the store.
package enum SweepStep: Sendable, Equatable {
    /// Another host covered the gap with this number.
    case covered(Int64)
    /// In this round, the author's records of a collection have all been read.
    case answered(SweepPair, round: Int64)
    /// A round has ended; gaps that were searched twice are closed.
    ///
    /// Those are the gaps in `settled`, and those whose first search was at least `settling` ago.
    case ended(Int64, settled: [Int64], settling: Duration)
    /// The gap was swept for the longest allowed time, and is closed.
    ///
    /// Some author did not answer, or not completely; that is reported.
    case givenUp(Int64)
}
