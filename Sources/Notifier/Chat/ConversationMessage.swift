public import ATProtocol
public import Network

/// A message as a conversation shows it: one's own, the owner's, the place of a deleted one, or something newer than this
/// program.
public struct ConversationMessage: Sendable, Equatable {
    /// What it holds.
    public enum Content: Sendable, Equatable {
        /// Somebody's words.
        case text(String)
        /// Nothing any more.
        case deleted
        /// A word of the service's.
        case system
        /// A form that is not known.
        case unknown
    }

    /// Its id.
    public let id: String
    /// Its revision.
    public let rev: String
    /// Who wrote it; nil for a message of the system, or when that cannot be read.
    public let sender: DID?
    /// What it holds.
    public let content: Content
    /// When the service took it; nil when it does not say.
    public let sentAt: UnixTime?
    /// The conversation that it stands in; nil where what was read does not say it.
    public var conversation: String?

    /// Somebody's words; nil when there are none.
    public var text: String? {
        guard case .text(let text) = content else { return nil }
        return text
    }

    /// Reads any of the message views (`chat.bsky.convo.defs`); nil for what does not even say which it is.
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let rev = json["rev"]?.string else { return nil }
        self.id = id
        self.rev = rev
        sender = Self.sender(of: json)
        sentAt = json["sentAt"]?.string.flatMap { try? Datetime($0) }?.time
        let text = json["text"]?.string
        content =
            switch json["$type"]?.string?.split(separator: "#").last {
            case "messageView" where sender != nil: text.map(Content.text) ?? .unknown
            case "deletedMessageView" where sender != nil: .deleted
            case "systemMessageView": .system
            case nil where sender != nil: text.map(Content.text) ?? .deleted
            default: .unknown
            }
    }

    /// The same, with the conversation that it was read in.
    func standing(in conversation: String) -> ConversationMessage {
        var message = self
        message.conversation = conversation
        return message
    }

    /// Whether this program wrote it for an account, and no human: it ends with marks.
    func isMarked(by account: DID) -> Bool {
        sender == account && !MessageReference.marks(in: text ?? "").isEmpty
    }

    /// Who wrote a message of any form.
    static func sender(of json: JSONValue) -> DID? { json["sender"]?["did"]?.string.flatMap { try? DID($0) } }
}

/// Some messages of a conversation, newest first.
public struct MessagePage: Sendable, Equatable {
    /// The messages.
    public let messages: [ConversationMessage]
    /// Where older ones begin; nil at the end.
    public let cursor: String?
    /// Whether there were others on it that do not say which they are, and may be the sender's.
    public var isPartlyReadable = false
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
