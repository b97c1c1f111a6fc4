internal import ATProtocol
internal import Network

/// What a conversation holds of our own messages, read from the newest back to a place where what is looked for ends.
///
/// What was not understood keeps it from saying that a message is not there, on whatever page it was.
struct ConversationScan: Sendable {
    /// Where reading ends.
    enum End: Sendable, Equatable {
        /// At this message, or at the beginning.
        case message(String?)
        /// At this revision, which ledgers before the fourth schema kept.
        case revision(String)
        /// At this message, or at anything earlier than that.
        case time(UnixTime, message: String?)
    }

    /// One of our own messages.
    struct Found: Sendable, Equatable {
        let message: SentMessage
        /// The marks of the requests that it tells of; none when it was deleted, or tells of none.
        let marks: [String]
        let isDeleted: Bool
    }

    let sender: DID
    let end: End
    /// The newest message, as the conversation itself says: pages without it are old.
    let newest: String?
    /// Our own, newest first.
    private(set) var found: [Found] = []
    /// The newest message of all that were read, whoever wrote it.
    private(set) var newestRead: ConversationMessage?
    /// Whether everything was read.
    private(set) var isAtEnd = false
    /// Whether everything that was read could be understood.
    private(set) var isUnderstood = true
    /// Whether the pages were older than what the conversation said of itself.
    private(set) var isOutdated = false
    private var pages = 0

    init(sender: DID, end: End, newest: String? = nil) {
        self.sender = sender
        self.end = end
        self.newest = newest
    }

    /// Whether what was not found is not there.
    var isProof: Bool { isAtEnd && isReadable }

    /// Whether everything that was read makes sense.
    var isReadable: Bool { isUnderstood && !isOutdated }

    /// The message that tells of a request, by its mark.
    func message(telling mark: String) -> SentMessage? { found.first { $0.marks.contains(mark) }?.message }

    /// Takes a page.
    mutating func read(_ page: MessagePage) {
        pages += 1
        if pages == 1, let newest, !page.messages.contains(where: { $0.id == newest }) { return isOutdated = true }
        newestRead = newestRead ?? page.messages.first
        if page.isPartlyReadable { isUnderstood = false }
        for message in page.messages {
            guard !isEnd(message) else { return isAtEnd = true }
            if message.content == .unknown, message.sender == sender || message.sender == nil { isUnderstood = false }
            guard message.sender == sender else { continue }
            found.append(
                Found(
                    message: SentMessage(id: message.id, rev: message.rev),
                    marks: message.text.map(MessageReference.marks(in:)) ?? [],
                    isDeleted: message.content == .deleted
                )
            )
        }
        isAtEnd = page.cursor == nil || page.messages.isEmpty && !page.isPartlyReadable
    }

    private func isEnd(_ message: ConversationMessage) -> Bool {
        switch end {
        case .message(let id): message.id == id
        case .revision(let rev): !rev.utf8.lexicographicallyPrecedes(message.rev.utf8)
        case .time(let time, let id): message.id == id || message.sentAt.map { $0 < time } ?? false
        }
    }
}

extension ConversationScan.End {
    /// As the ledger keeps the place behind which a message in doubt would be.
    init(baseline text: String) {
        guard text.hasPrefix("id:") else {
            self = .revision(text)
            return
        }
        self = .message(text.count > 3 ? String(text.dropFirst(3)) : nil)
    }

    /// The same for the ledger, of a conversation with this newest message.
    static func baseline(_ newest: String?) -> String { "id:" + (newest ?? "") }
}
