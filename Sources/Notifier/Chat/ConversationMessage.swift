public import ATProtocol
public import Network

/// A message in a conversation: ours, the owner's, a deleted one, or a form newer than this program.
public struct ConversationMessage: Sendable, Equatable {
    /// What it holds.
    public enum Content: Sendable, Equatable {
        /// A text that somebody wrote.
        case text(String)
        /// Nothing: the message was deleted.
        case deleted
        /// A message of the service itself.
        case system
        /// An unknown form.
        case unknown
    }

    public let id: String
    /// Its revision.
    public let rev: String
    /// Who wrote it; nil for a message of the system, or when this cannot be read.
    public let sender: DID?
    /// What it holds.
    public let content: Content
    /// When the service received it; nil when it does not say.
    public let sentAt: UnixTime?
    /// The conversation in which it stands; nil when the answer does not say.
    public var conversation: String?

    /// The text that somebody wrote; nil when there is none.
    public var text: String? {
        guard case .text(let text) = content else { return nil }
        return text
    }

    /// Reads any message view (`chat.bsky.convo.defs`); nil when it does not even have an id.
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

    /// Whether this program wrote it for an account, and no human did: it ends with marks.
    func isMarked(by account: DID) -> Bool {
        sender == account && !MessageReference.marks(in: text ?? "").isEmpty
    }

    /// The author of a message of any form.
    static func sender(of json: JSONValue) -> DID? { json["sender"]?["did"]?.string.flatMap { try? DID($0) } }
}

/// Some messages of a conversation, newest first.
public struct MessagePage: Sendable, Equatable {
    public let messages: [ConversationMessage]
    /// The cursor to older messages; nil at the end.
    public let cursor: String?
    /// Whether the page has other messages without a readable id, some of which may be the sender's.
    public var isPartlyReadable = false
}

/// What happened in all conversations.
public struct ChatLog: Sendable, Equatable {
    /// Messages that anybody wrote, oldest first.
    public let messages: [ConversationMessage]
    /// The cursor at which the log goes on.
    public let cursor: String?
    /// How many entries of any kind there were.
    public let count: Int
}
