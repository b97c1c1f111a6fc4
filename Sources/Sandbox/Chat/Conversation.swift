internal import ATProtocol

/// A conversation of two.
struct Conversation: Sendable {
    let id: String
    let members: [DID]
    var rev: String
    var messages: [StoredMessage] = []
    /// Those who have read their request inbox or written a message.
    var accepted: Set<DID> = []

    /// The member who is not this one.
    func other(than did: DID) -> DID { members.first { $0 != did } ?? did }
}

/// One line of a member's log (`chat.bsky.convo.getLog`).
struct ChatLogEntry: Sendable {
    let rev: String
    let conversation: String
    /// Nil for the beginning of the conversation.
    let message: StoredMessage?
    let members: [DID]

    /// The log view of the lexicon.
    var view: JSONValue {
        var members: [String: JSONValue] = [
            "$type": .string("chat.bsky.convo.defs#\(message == nil ? "logBeginConvo" : "logCreateMessage")"),
            "rev": .string(rev), "convoId": .string(conversation),
        ]
        members["message"] = message?.typedView
        return .object(members)
    }
}
