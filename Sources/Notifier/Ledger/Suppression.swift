public import ATProtocol
public import Network

/// An account that gets no messages, and why.
public struct Suppression: Sendable, Equatable {
    /// The account.
    public let did: DID
    /// Who decided: the owner by a block or a word, or an operator.
    public let reason: Reason
    /// What the operator wrote to it.
    public let note: String
    /// Since when.
    public let addedAt: UnixTime
}
