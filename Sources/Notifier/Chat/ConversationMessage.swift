public import ATProtocol

/// A message as a conversation shows it: one's own, the owner's, or the place of a deleted one.
public struct ConversationMessage: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// Its revision.
    public let rev: String
    /// Who wrote it; nil for a message of the system.
    public let sender: DID?
    /// Its text; nil when it was deleted.
    public let text: String?

    /// Reads any of the message views; nil for something else.
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let rev = json["rev"]?.string else { return nil }
        self.id = id
        self.rev = rev
        sender = json["sender"]?["did"]?.string.flatMap { try? DID($0) }
        text = json["text"]?.string
    }
}

/// Some messages of a conversation, newest first.
public struct MessagePage: Sendable, Equatable {
    /// The messages.
    public let messages: [ConversationMessage]
    /// Where older ones begin; nil at the end.
    public let cursor: String?
    /// Whether there were others on it that could not be understood.
    public var isPartlyUnderstood = false
}

/// What happened in all conversations.
public struct ChatLog: Sendable, Equatable {
    /// Messages that were written, by anybody, oldest first.
    public let messages: [ConversationMessage]
    /// Where the log goes on.
    public let cursor: String?
    /// Entries of any kind.
    public let count: Int
}
