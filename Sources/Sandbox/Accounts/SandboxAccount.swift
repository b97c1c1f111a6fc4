public import ATProtocol

/// Somebody with an account on the sandbox's PDS.
public struct SandboxAccount: Sendable, Hashable {
    /// Who it is.
    public let did: DID
    /// The name in the DID document.
    public let handle: Handle
    /// The main password of `createSession`.
    public let password: String
}

/// Who may open a conversation with an account: `allowIncoming` of its `chat.bsky.actor.declaration`.
public enum AllowIncoming: String, Sendable {
    /// Everybody.
    case all
    /// Nobody.
    case none
    /// Those whom the account follows; also what no record means.
    case following
}
