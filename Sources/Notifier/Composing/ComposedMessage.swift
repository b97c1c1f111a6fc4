public import ATProtocol

/// A direct message ready to be sent: text, links by their place in its UTF-8, and the mark that it is known by.
public struct ComposedMessage: Sendable, Equatable {
    /// A link over a stretch of the text.
    public struct Link: Sendable, Equatable {
        /// Offset of the first UTF-8 byte.
        public let byteStart: Int
        /// Offset behind the last UTF-8 byte.
        public let byteEnd: Int
        /// Where it leads.
        public let uri: String
    }

    /// At most 1000 graphemes and 10 000 UTF-8 bytes.
    public let text: String
    /// In order, without overlap.
    public let links: [Link]
    /// The marks of the requests that it lists, as they stand in the bracket at its end: `ref-a.b.c`.
    public let reference: String
    /// The id of the message in the same conversation that it answers; nil when it begins a story of its own.
    public var replyTo: String?

    /// The limits of `chat.bsky.convo.defs#messageInput`.
    public static let maximumGraphemes = 1000
    /// The limits of `chat.bsky.convo.defs#messageInput`.
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
