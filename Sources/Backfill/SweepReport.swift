package import ATProtocol
internal import Firehose

/// What a sweep did, to be signed off by whoever declared the gap.
package struct SweepReport: Sendable, Equatable {
    /// A repository, or a directory of them, that could not be asked, or not for everything.
    package struct Failure: Sendable, Equatable, CustomStringConvertible {
        /// Whose repository; nil for the list of a collection.
        package var did: DID?
        /// The collection.
        package var collection: NSID
        /// One clause: what came back.
        package var detail: String
        /// Whether the newest of the records were read, and the older ones were not.
        package var isPart: Bool
        /// Whether asking for days would bring nothing: a directory, a server that nobody can ask, or more than is read.
        var isLasting: Bool
        /// Whether there was no host to ask.
        var isUnreachable: Bool

        init(_ failure: SweepFailure, did: DID?, _ collection: NSID, isPart: Bool) {
            self.did = did
            self.collection = collection
            self.isPart = isPart
            detail = failure.detail
            isLasting = failure.isLasting
            isUnreachable = failure.isUnreachable
        }

        /// One clause for an operator.
        package var description: String { "\(did?.text ?? collection.text): \(detail)" }
    }

    /// A namespace, of which nobody lists the authors.
    package struct Namespace: Sendable, Equatable, CustomStringConvertible {
        /// What is wanted.
        package var pattern: CollectionPattern
        /// What was asked for of it: the collections that are known by name.
        package var collections: [NSID]

        /// One clause for an operator.
        package var description: String {
            let names = collections.map(\.text).joined(separator: ", ")
            return collections.isEmpty
                ? "\(pattern) was not looked for: no collection of it was seen yet"
                : "\(pattern) was looked for only in what was seen of it: \(names)"
        }
    }

    /// The namespaces that were looked for, and in what.
    package var namespaces: [Namespace] = []
    /// Authors that the directories named or the ledger knew, once for each collection.
    package var authors = 0
    /// Whether nobody else was asked for: accounts whose repositories are others now, and no directory.
    var isOfAccounts = false
    /// Those of them whose repositories were read, if only in part.
    package var checked = 0
    /// Records in the window that the ledger did not know.
    package var found = 0
    /// Records in the window that it did.
    package var known = 0
    /// Requests that wait and were written anew or deleted.
    package var changed = 0
    /// What could not be asked.
    package var failures: [Failure] = []
    /// Where the next pass goes on with what was read in part: the servers' own words for it.
    var places: [SweepPair: String] = [:]

    /// A report of nothing yet.
    package init() {}

    /// Whether everybody was asked and answered.
    package var isComplete: Bool { failures.isEmpty }

    /// How many were read in part.
    var parts: Int { failures.count(where: \.isPart) }

    /// One of them, of those that were read in part if there are any: what is not read of them may stay so.
    var example: Failure? { failures.first(where: \.isPart) ?? failures.first }

    /// Whether all that is missing is somebody to ask: a collection may be nobody's yet.
    package var onlyLacksAuthors: Bool { failures.allSatisfy { $0.detail == AuthorDirectories.nobody } }

    /// One clause: how many did not answer, or not for everything, and one of them.
    func unanswered(_ example: Failure) -> String {
        let lists = failures.count { $0.did == nil }
        let directories = lists == 0 ? "" : "\(lists) of the directories' lists and "
        let silent = "\(directories)\(failures.count - lists) of \(authors) authors did not answer"
        return "\(silent)\(parts == 0 ? "" : " (\(parts) in part)"), for example \(example)"
    }

    /// Whether asking for days would bring nothing more; without any answer it may be our own network that is away.
    var isAllThatCanBeHad: Bool { checked > 0 && failures.allSatisfy(\.isLasting) }

    /// Whether asking for more than a day would bring nothing more: nobody is missing but some without a server.
    var lacksOnlyTheUnreachable: Bool { !lacksMuch && failures.allSatisfy { $0.isLasting || $0.isUnreachable } }

    /// Whether what is missing may well hold what is looked for: a directory's list, or a good part of the authors.
    ///
    /// Some whose servers are dead, or refused, there always are, and whoever wants to can add to them. Of who was read in
    /// part the newest is known. An account whose repository a relay called another, and that never answers, is one of those.
    var lacksMuch: Bool {
        guard !isOfAccounts else { return false }
        let missing = failures.count { $0.did != nil && !$0.isPart }
        let isListMissing = failures.contains { $0.did == nil && $0.detail != AuthorDirectories.nobody }
        return isListMissing || missing * 2 > authors || missing >= 10 && missing * 10 >= authors
    }
}
