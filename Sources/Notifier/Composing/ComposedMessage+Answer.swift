extension ComposedMessage {
    /// The answer to what somebody wrote, in one line; nil for what is none.
    ///
    /// - Parameters:
    ///   - kind: what it says.
    ///   - configuration: in whose name, and where a human can be asked.
    ///   - mark: of what is answered, by which the answer is found again.
    init?(_ kind: MessageKind, _ configuration: MessageConfiguration, mark: String) {
        let words: String
        switch kind {
        case .notice: return nil
        case .stopped: words = "You get no more messages. Answer START to get them again."
        case .started: words = "You get messages again. Answer STOP to get no more."
        case .help: words = "I did not understand that. Answer STOP to get no more messages, START to get them again."
        }
        let reference = MessageReference.reference([mark])
        let contact = configuration.contact.isEmpty ? "" : " Questions: \(configuration.contact)."
        let texts = [contact, ""].map { "\(configuration.service): \(words)\($0) [\(reference)]" }
        let isShort = texts[0].count <= Self.maximumGraphemes && texts[0].utf8.count <= Self.maximumBytes
        self.init(text: texts[isShort ? 0 : 1], links: [], reference: reference)
    }
}
