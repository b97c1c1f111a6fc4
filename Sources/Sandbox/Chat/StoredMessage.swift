public import ATProtocol

/// A direct message as the chat service keeps it.
public struct StoredMessage: Sendable, Equatable {
    /// Its identifier.
    public let id: String
    /// Its place in the conversation; ascending as text.
    public let rev: String
    public let conversation: String
    /// Who wrote it.
    public let sender: DID
    /// Who reads it.
    public let recipient: DID
    /// What it says.
    public let text: String
    /// `app.bsky.richtext.facet` objects, or nil.
    public let facets: JSONValue?
    /// The message that it answers, or nil.
    public let replyTo: String?
    /// When the service accepted it, RFC 3339.
    public let sentAt: String

    /// The `messageView` of the lexicon.
    var view: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "rev": .string(rev), "text": .string(text), "sender": ["did": .string(sender.text)],
            "sentAt": .string(sentAt),
        ]
        members["facets"] = facets
        if let replyTo { members["replyTo"] = ["$type": "chat.bsky.convo.defs#messageView", "id": .string(replyTo)] }
        return .object(members)
    }

    /// The view as it stands where there might be another, with its type.
    var typedView: JSONValue {
        .object((view.object ?? [:]).merging(["$type": "chat.bsky.convo.defs#messageView"]) { $1 })
    }
}
