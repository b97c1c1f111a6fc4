public import ATProtocol
internal import Firehose

/// What a sweep did, to be signed off by whoever declared the gap.
public struct SweepReport: Sendable, Equatable {
    /// A repository, or a directory of them, that could not be asked, or not for everything.
    public struct Failure: Sendable, Equatable, CustomStringConvertible {
        /// Whose repository; nil for the list of a collection.
        public var did: DID?
        /// The collection.
        public var collection: NSID
        /// One clause: what came back.
        public var detail: String
        /// Whether the newest of the records were read, and the older ones were not.
        public var isPart: Bool
        /// Whether asking for days would bring nothing: a directory, or a server that nobody can ask.
        var isLasting: Bool

        init(_ failure: SweepFailure, did: DID?, _ collection: NSID, isPart: Bool) {
            self.did = did
            self.collection = collection
            self.isPart = isPart
            detail = failure.detail
            isLasting = failure.isLasting
        }

        /// One clause for an operator.
        public var description: String { "\(did?.text ?? collection.text): \(detail)" }
    }

    /// A namespace, of which nobody lists the authors.
    public struct Namespace: Sendable, Equatable, CustomStringConvertible {
        /// What is wanted.
        public var pattern: CollectionPattern
        /// What was asked for of it: the collections that are known by name.
        public var collections: [NSID]

        /// One clause for an operator.
        public var description: String {
            let names = collections.map(\.text).joined(separator: ", ")
            return collections.isEmpty
                ? "\(pattern) was not looked for: no collection of it was seen yet"
                : "\(pattern) was looked for only in what was seen of it: \(names)"
        }
    }

    /// The namespaces that were looked for, and in what.
    public var namespaces: [Namespace] = []
    /// Authors that the directories named or the ledger knew, once for each collection.
    public var authors = 0
    /// Those of them whose repositories were read, if only in part.
    public var checked = 0
    /// Records in the window that the ledger did not know.
    public var found = 0
    /// Records in the window that it did.
    public var known = 0
    /// What could not be asked.
    public var failures: [Failure] = []
    /// Where the next pass goes on with what was read in part: the servers' own words for it.
    var places: [SweepPair: String] = [:]

    /// A report of nothing yet.
    public init() {}

    /// Whether everybody was asked and answered.
    public var isComplete: Bool { failures.isEmpty }

    /// How many were read in part.
    var parts: Int { failures.count(where: \.isPart) }

    /// One of them, of those that were read in part if there are any: what is not read of them may stay so.
    var example: Failure? { failures.first(where: \.isPart) ?? failures.first }

    /// Whether all that is missing is somebody to ask: a collection may be nobody's yet.
    public var onlyLacksAuthors: Bool { failures.allSatisfy { $0.detail == AuthorDirectories.nobody } }

    /// Whether asking for days would bring nothing more.
    var isAllThatCanBeHad: Bool { failures.allSatisfy(\.isLasting) }
}
