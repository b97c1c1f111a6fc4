internal import ATProtocol

/// What a relay's commit message proves by itself, before anybody asks whose key signed it.
struct CommitProof: Sendable, Equatable {
    /// Whose commit it claims to be.
    let did: DID
    /// The signed commit.
    let commit: RepositoryCommit
}
