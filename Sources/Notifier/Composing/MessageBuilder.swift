/// Appends text and links and keeps account of the bytes.
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

    var fits: Bool {
        text.utf8.count <= ComposedMessage.maximumBytes && text.count <= ComposedMessage.maximumGraphemes
    }

    func composed(_ reference: String) -> ComposedMessage {
        ComposedMessage(text: text, links: links, reference: reference)
    }
}
