/// What was being done when something failed.
public enum CallPhase: String, Sendable, Hashable, CaseIterable {
    /// The event itself was read and judged.
    case input = "input"
    /// An operator decided.
    case decision = "operator"
    /// A DID or handle was resolved.
    case identity = "identity"
    /// The owner's PDS was asked for the project's record or for the repository's status.
    case project = "project"
    /// The index of the rule was asked who owns the project.
    case index = "index"
    /// The author's PDS was asked to prove the change request.
    case proof = "proof"
    /// `chat.bsky.convo.getConvoForMembers`
    case openConversation = "open-conversation"
    /// `chat.bsky.convo.sendMessage`: the one call whose outcome may stay unknown.
    case sendMessage = "send-message"
    /// `chat.bsky.convo.getMessages`
    case readMessages = "read-messages"
    /// `chat.bsky.convo.getLog`
    case readAnswers = "read-answers"
    /// `chat.bsky.actor.getStatus`
    case readStatus = "read-status"
    /// `com.atproto.repo.putRecord` of a public post that mentions the owner; may be repeated.
    case postMention = "post-mention"
}
