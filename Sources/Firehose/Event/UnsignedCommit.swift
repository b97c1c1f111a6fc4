/// A proven commit whose signature has not been compared with the account's key yet.
struct UnsignedCommit: Sendable, Equatable {
    /// What is proven of it.
    var proof: CommitProof
    /// What becomes of its events when the signature is not the account's.
    var refusal: RejectedMessage
}
