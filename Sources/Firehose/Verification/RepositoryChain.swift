internal import ATProtocol

/// The newest verified state of a repository, and whether a commit follows on it
/// (atproto.com/specs/sync#validation).
struct RepositoryChain: Sendable, Equatable {
    /// Where a chain broke: a commit is missing, or the relay or the server made one up.
    enum Break: String, Sendable, CaseIterable {
        /// The commit follows on another revision.
        case since
        /// The commit follows on another tree.
        case previousData = "prev-data"
    }

    /// What a commit means for the chain.
    enum Step: Sendable, Equatable {
        /// It follows on the last one, replaces everything, or is of a server that does not say.
        case continued
        /// It was seen before, or is older.
        case replayed
        /// It follows on something else: the repository is desynchronized.
        case broken(Break)
    }

    /// The newest revision.
    private(set) var rev: TID
    /// The root of the tree at it.
    private(set) var data: CID

    /// The chain that begins with a commit.
    init(_ commit: RepositoryCommit) {
        rev = commit.rev
        data = commit.data
    }

    /// Goes on with a commit, also when it does not follow: nothing else could be followed from then on.
    mutating func follow(_ commit: RepositoryCommit, _ link: ClaimedCommit.Link) -> Step {
        guard rev < commit.rev else { return .replayed }
        defer { self = RepositoryChain(commit) }
        guard case .follows(let since, let previousData) = link else { return .continued }
        if since != rev { return .broken(.since) }
        if let previousData, previousData != data { return .broken(.previousData) }
        return .continued
    }
}
