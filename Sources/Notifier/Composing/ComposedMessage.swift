public import ATProtocol

/// A direct message that is ready to be sent.
///
/// It has a text, links by their place in the text's UTF-8, and the marks by which it is recognised.
public struct ComposedMessage: Sendable, Equatable {
    /// A link over a stretch of the text.
    public struct Link: Sendable, Equatable {
        /// The offset of its first UTF-8 byte.
        public let byteStart: Int
        /// The offset after its last UTF-8 byte.
        public let byteEnd: Int
        /// Where it leads.
        public let uri: String
    }

    /// At most 1000 graphemes and 10 000 UTF-8 bytes.
    public let text: String
    /// In order, and not overlapping.
    public let links: [Link]
    /// The marks of the listed requests, as they stand in the bracket at the end of the text: `ref-a.b.c`.
    public let reference: String
    /// The id of the message in the same conversation that this one replies to; nil when it begins a new thread.
    public var replyTo: String?

    /// The limit of `chat.bsky.convo.defs#messageInput` on graphemes.
    public static let maximumGraphemes = 1000
    /// The limit of `chat.bsky.convo.defs#messageInput` on UTF-8 bytes.
    public static let maximumBytes = 10_000

    /// `chat.bsky.convo.defs#messageInput`.
    public var input: JSONValue {
        var members: [String: JSONValue] = ["text": .string(text)]
        if !links.isEmpty { members["facets"] = .array(links.map(Self.facet)) }
        if let replyTo { members["replyTo"] = ["messageId": .string(replyTo)] }
        return .object(members)
    }

    private static func facet(_ link: Link) -> JSONValue {
        [
            "index": ["byteStart": .integer(Int64(link.byteStart)), "byteEnd": .integer(Int64(link.byteEnd))],
            "features": [["$type": "app.bsky.richtext.facet#link", "uri": .string(link.uri)]],
        ]
    }
}
