internal import ATProtocol

/// Looks for a message of our own in a conversation, from the newest back to a revision.
struct ConversationScan: Sendable {
    let sender: DID
    let marker: String
    let baseline: String
    /// Pages of 100; a conversation in which more was written since the baseline is not read to the end.
    static let maximumPages = 50

    /// What a page tells.
    enum Finding: Equatable {
        /// The message is there, or its deletion is.
        case present(SentMessage)
        /// Everything since the baseline was seen.
        case absent
        /// Older messages have to be seen.
        case unknown
    }

    /// Judges a page.
    func judge(_ page: MessagePage) -> Finding {
        for message in page.messages {
            guard message.rev.utf8.lexicographicallyPrecedes(baseline.utf8) == false, message.rev != baseline else {
                return .absent
            }
            guard message.sender == sender else { continue }
            // A deleted message of ours can only be the one in doubt: nothing else was sent meanwhile.
            if message.text.map({ $0.utf8.contains(marker.utf8) }) ?? true {
                return .present(SentMessage(id: message.id, rev: message.rev))
            }
        }
        let isEmpty = page.messages.isEmpty && !page.isPartlyUnderstood
        return page.cursor == nil || isEmpty ? .absent : .unknown
    }
}
