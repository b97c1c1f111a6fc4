public import ATProtocol
public import Network

/// An account that gets no messages, and why.
public struct Suppression: Sendable, Equatable {
    public let did: DID
    /// Who decided: the owner by a block or by “stop”, or an operator.
    public let reason: Reason
    /// The operator's note.
    public let note: String
    /// Since when it gets no messages.
    public let addedAt: UnixTime
}
