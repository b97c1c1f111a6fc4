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

    init(_ request: IncomingRequest) throws(ResponseError) {
        guard let json = request.json else { throw .invalid("Request body is not valid JSON") }
        guard let conversation = json["convoId"]?.string else {
            throw .invalid("Input must have the property \"convoId\"")
        }
        guard let text = json["message"]?["text"]?.string else {
            throw .invalid("Input/message must have the property \"text\"")
        }
        guard text.utf8.count <= Self.maximumBytes else {
            throw .invalid("Input/message/text must not be longer than \(Self.maximumBytes) characters")
        }
        guard text.count <= Self.maximumGraphemes else {
            throw .invalid("Input/message/text must not be longer than \(Self.maximumGraphemes) graphemes")
        }
        self.conversation = conversation
        self.text = text
        facets = json["message"]?["facets"]
        replyTo = json["message"]?["replyTo"]?["messageId"]?.string
        if let target = json["message"]?["replyTo"], target != .null, replyTo == nil {
            throw .invalid("Input/message/replyTo must have the property \"messageId\"")
        }
        try Self.check(facets, against: text)
    }

    private static func check(_ facets: JSONValue?, against text: String) throws(ResponseError) {
        guard let facets else { return }
        guard let list = facets.array else { throw .invalid("Input/message/facets must be an array") }
        let bytes = Array(text.utf8)
        var end: Int64 = 0
        for (number, facet) in list.enumerated() {
            let path = "Input/message/facets/\(number)"
            guard let first = facet["index"]?["byteStart"]?.integer, let last = facet["index"]?["byteEnd"]?.integer,
                first >= end, first < last, last <= bytes.count
            else { throw .invalid("\(path)/index is not a range of the text, or overlaps the one before") }
            let isWhole = String(validating: bytes[Int(first)..<Int(last)], as: UTF8.self) != nil
            guard isWhole else { throw .invalid("\(path)/index cuts a character") }
            guard let features = facet["features"]?.array, !features.isEmpty else {
                throw .invalid("\(path) must have the property \"features\"")
            }
            for feature in features where feature["$type"]?.string == "app.bsky.richtext.facet#link" {
                guard feature["uri"]?.string?.contains("://") == true else {
                    throw .invalid("\(path)/features/uri must be a uri")
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
