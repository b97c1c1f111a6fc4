internal import ATProtocol

/// What `sendMessage` accepts, checked as the lexicon of `chat.bsky.convo.defs#messageInput` says.
struct MessageInput {
    static let maximumBytes = 10_000
    static let maximumGraphemes = 1000

    let conversation: String
    let text: String
    let facets: JSONValue?
    /// The message that it answers, or nil.
    let replyTo: String?

    /// Why an input is refused: the message of the `InvalidRequest` error.
    struct InvalidError: Error {
        let message: String
    }

    init(_ body: [UInt8]) throws(InvalidError) {
        guard let json = try? JSONValue(parsing: body) else {
            throw InvalidError(message: "Request body is not valid JSON")
        }
        guard let conversation = json["convoId"]?.string else {
            throw InvalidError(message: "Input must have the property \"convoId\"")
        }
        guard let text = json["message"]?["text"]?.string else {
            throw InvalidError(message: "Input/message must have the property \"text\"")
        }
        guard text.utf8.count <= Self.maximumBytes else {
            throw InvalidError(message: "Input/message/text must not be longer than \(Self.maximumBytes) characters")
        }
        guard text.count <= Self.maximumGraphemes else {
            throw InvalidError(message: "Input/message/text must not be longer than \(Self.maximumGraphemes) graphemes")
        }
        self.conversation = conversation
        self.text = text
        facets = json["message"]?["facets"]
        replyTo = json["message"]?["replyTo"]?["messageId"]?.string
        if let target = json["message"]?["replyTo"], target != .null, replyTo == nil {
            throw InvalidError(message: "Input/message/replyTo must have the property \"messageId\"")
        }
        try Self.check(facets, against: text)
    }

    private static func check(_ facets: JSONValue?, against text: String) throws(InvalidError) {
        guard let facets else { return }
        guard let list = facets.array else { throw InvalidError(message: "Input/message/facets must be an array") }
        let bytes = Array(text.utf8)
        var end: Int64 = 0
        for (number, facet) in list.enumerated() {
            let path = "Input/message/facets/\(number)"
            guard let first = facet["index"]?["byteStart"]?.integer, let last = facet["index"]?["byteEnd"]?.integer,
                first >= end, first < last, last <= bytes.count
            else { throw InvalidError(message: "\(path)/index is not a range of the text, or overlaps the one before") }
            let isWhole = String(validating: bytes[Int(first)..<Int(last)], as: UTF8.self) != nil
            guard isWhole else { throw InvalidError(message: "\(path)/index cuts a character") }
            guard let features = facet["features"]?.array, !features.isEmpty else {
                throw InvalidError(message: "\(path) must have the property \"features\"")
            }
            for feature in features where feature["$type"]?.string == "app.bsky.richtext.facet#link" {
                guard feature["uri"]?.string?.contains("://") == true else {
                    throw InvalidError(message: "\(path)/features/uri must be a uri")
                }
            }
            end = last
        }
    }
}

extension MessageInput {
    /// An input that nobody needs to check.
    init(conversation: String, text: String) {
        self.conversation = conversation
        self.text = text
        facets = nil
        replyTo = nil
    }
}
