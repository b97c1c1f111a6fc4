internal import Network

/// Appends text and links, and counts the bytes.
struct MessageBuilder {
    private(set) var text = ""
    private(set) var links: [ComposedMessage.Link] = []

    mutating func append(_ more: String) { text += more }

    mutating func append(link uri: String, on joint: String) {
        text += joint
        let start = text.utf8.count
        text += uri
        links.append(ComposedMessage.Link(byteStart: start, byteEnd: text.utf8.count, uri: uri))
    }

    /// Appends a line of the operator's, and makes each address in it a link.
    mutating func append(linking line: String) {
        var rest = line[...]
        while let start = rest.firstRange(of: "https://")?.lowerBound {
            let word = rest[start...].prefix { !$0.isWhitespace }
            // Punctuation after the address does not belong to it.
            let address = word.prefix(word.count - word.reversed().prefix { ".,;:!?)]}'”’»".contains($0) }.count)
            append(String(rest[..<start]))
            if (try? WebURL(String(address.prefix { $0 != "#" }))) != nil {
                append(link: String(address), on: "")
            } else {
                append(String(address))
            }
            rest = rest[address.endIndex...]
        }
        append(String(rest))
    }

    mutating func append(_ other: MessageBuilder) {
        let place = text.utf8.count
        links += other.links.map {
            ComposedMessage.Link(byteStart: place + $0.byteStart, byteEnd: place + $0.byteEnd, uri: $0.uri)
        }
        text += other.text
    }

    var fits: Bool { isWithin(ComposedMessage.maximumGraphemes, bytes: ComposedMessage.maximumBytes) }

    func isWithin(_ graphemes: Int, bytes: Int) -> Bool { text.utf8.count <= bytes && text.count <= graphemes }

    func composed(_ reference: String, answering answered: String?) -> ComposedMessage {
        ComposedMessage(text: text, links: links, reference: reference, replyTo: answered)
    }
}
