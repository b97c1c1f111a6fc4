internal import ATProtocol

/// A conversation with one owner.
public struct Conversation: Sendable, Equatable {
    public let id: String
    /// The id of its newest message, whoever wrote it; nil in an empty conversation.
    public let lastMessage: String?
    /// Whether a message of this program was seen there, so that the owner knows the sender.
    var holdsOurs = false
}

/// The id and revision that the service gave a message.
public struct SentMessage: Sendable, Equatable {
    public let id: String
    /// Its revision.
    public let rev: String
}

extension Conversation {
    /// Reads a `convoView` from the sender's side; nil for anything else.
    init?(_ json: JSONValue, of sender: DID) {
        guard let id = json["id"]?.string else { return nil }
        let last = json["lastMessage"].flatMap { $0.object == nil ? nil : $0 }
        // A newest message of an unknown form has an id that we do not know.
        self.init(
            id: id,
            lastMessage: last.map { $0["id"]?.string ?? "" },
            holdsOurs: last.flatMap(ConversationMessage.init)?.isMarked(by: sender) ?? false
        )
    }
}
