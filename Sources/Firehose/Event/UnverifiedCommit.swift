internal import ATProtocol

/// A commit whose content is proven and whose signature has not been checked yet.
struct UnverifiedCommit: Sendable, Equatable {
    /// The signed commit.
    var commit: RepositoryCommit
    /// The rejected message that replaces its events if the signature is wrong.
    var refusal: RejectedEvent
}
