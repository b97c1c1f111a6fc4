internal import ATProtocol

/// A conversation with one owner.
public struct Conversation: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// The id of its newest message, whoever wrote it; nil when nobody has written anything.
    public let lastMessage: String?
    /// Whether a message of this program's was seen there, so that the owner knows it.
    var holdsOurs = false
}

/// What the service calls a message that it stored.
public struct SentMessage: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// Its revision.
    public let rev: String
}

extension Conversation {
    /// Reads a `convoView` as its sender sees it; nil for something else.
    init?(_ json: JSONValue, of sender: DID) {
        guard let id = json["id"]?.string else { return nil }
        let last = json["lastMessage"].flatMap { $0.object == nil ? nil : $0 }
        // One of an unknown form is none that anybody knows.
        self.init(
            id: id,
            lastMessage: last.map { $0["id"]?.string ?? "" },
            holdsOurs: last.flatMap(ConversationMessage.init)?.isMarked(by: sender) ?? false
        )
    }
}
