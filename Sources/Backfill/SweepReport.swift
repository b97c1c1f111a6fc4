package import ATProtocol
internal import Firehose

/// The result of a sweep, by which a gap is closed.
package struct SweepReport: Sendable, Equatable {
    /// A repository, or a directory, that could not be asked, or not for everything.
    package struct Failure: Sendable, Equatable, CustomStringConvertible {
        /// Whose repository; nil for a directory's list of a collection.
        package var did: DID?
        package var collection: NSID
        /// Whether only the newest of the records were read.
        package var isPart: Bool
        let cause: SweepError

        init(_ cause: SweepError, did: DID?, _ collection: NSID, isPart: Bool) {
            self.cause = cause
            self.did = did
            self.collection = collection
            self.isPart = isPart
        }

        /// One clause: what came back.
        package var detail: String { cause.detail }
        /// One clause for an operator.
        package var description: String { "\(did?.text ?? collection.text): \(detail)" }
    }

    /// A namespace; nobody lists the authors of one.
    package struct Namespace: Sendable, Equatable, CustomStringConvertible {
        /// What is wanted.
        package var pattern: CollectionPattern
        /// The collections that were asked for in its place: those known by name.
        package var collections: [NSID]

        /// One clause for an operator.
        package var description: String {
            let names = collections.map(\.text).joined(separator: ", ")
            return collections.isEmpty
                ? "\(pattern) was not looked for: no collection of it was seen yet"
                : "\(pattern) was looked for only in what was seen of it: \(names)"
        }
    }

    /// The namespaces that were wanted, each with the collections asked for.
    package var namespaces: [Namespace] = []
    /// Authors whom the directories named or the ledger knew, counted once for each collection.
    package var authors = 0
    /// Whether only accounts were asked whose repositories were replaced, and no directory.
    var isOfAccounts = false
    /// The authors whose repositories were read, if only in part.
    package var checked = 0
    /// Records in the window that the ledger did not know.
    package var found = 0
    /// Records in the window that the ledger knew.
    package var known = 0
    /// Waiting requests that were changed or deleted.
    package var changed = 0
    /// What could not be asked.
    package var failures: [Failure] = []
    /// The servers' cursors, at which the next pass goes on with what was read in part.
    var places: [SweepPair: String] = [:]

    package init() {}

    /// Whether everybody was asked and answered.
    package var isComplete: Bool { failures.isEmpty }

    /// How many repositories were read in part.
    var parts: Int { failures.count(where: \.isPart) }

    /// One of the failures, preferably a repository that was read in part: its rest may stay unread.
    var example: Failure? { failures.first(where: \.isPart) ?? failures.first }

    /// Whether the only thing missing is an author to ask; nobody may have written to a new collection yet.
    package var onlyLacksAuthors: Bool { failures.allSatisfy { $0.detail == AuthorDirectories.nobody } }

    /// One clause: how many did not answer, or not for everything, with one example.
    func unanswered(_ example: Failure) -> String {
        let lists = failures.count { $0.did == nil }
        let directories = lists == 0 ? "" : "\(lists) of the directories' lists and "
        let silent = "\(directories)\(failures.count - lists) of \(authors) authors did not answer"
        return "\(silent)\(parts == 0 ? "" : " (\(parts) in part)"), for example \(example)"
    }

    /// Whether trying for days would bring nothing more.
    ///
    /// False when nobody answered at all: then our own network may be down.
    var isAllThatCanBeHad: Bool { checked > 0 && failures.allSatisfy(\.cause.isLasting) }

    /// Whether trying for more than a day would bring nothing more, because only a few unreachable authors are missing.
    var lacksOnlyTheUnreachable: Bool {
        !lacksMuch && failures.allSatisfy { $0.cause.isLasting || $0.cause.isUnreachable }
    }

    /// Whether the missing part may well hold what is looked for: a directory's list, or many of the authors.
    ///
    /// There are always some authors whose servers are dead or refused, and anybody can add such authors. Authors who
    /// were read in part do not count: their newest records are known. An account that never answers, and whose
    /// repository a relay said was replaced, counts as one of the dead.
    var lacksMuch: Bool {
        guard !isOfAccounts else { return false }
        let missing = failures.count { $0.did != nil && !$0.isPart }
        let isListMissing = failures.contains { $0.did == nil && $0.detail != AuthorDirectories.nobody }
        return isListMissing || missing * 2 > authors || missing >= 10 && missing * 10 >= authors
    }
}
