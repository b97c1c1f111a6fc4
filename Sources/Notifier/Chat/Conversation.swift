internal import ATProtocol

/// A conversation with one owner.
public struct Conversation: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// Its revision when it was asked for: everything that comes later is larger, as text.
    public let rev: String
}

/// What the service calls a message that it stored.
public struct SentMessage: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// Its revision.
    public let rev: String
}

extension SentMessage {
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let rev = json["rev"]?.string else { return nil }
        self.init(id: id, rev: rev)
    }
}
