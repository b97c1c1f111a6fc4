internal import ATProtocol
internal import Network

/// Our own messages in a conversation, read from the newest back to a given end.
///
/// If any page holds something that was not understood, the scan cannot prove that a message is missing.
struct ConversationScan: Sendable {
    /// Where reading ends.
    enum End: Sendable, Equatable {
        /// At this message; nil for the beginning of the conversation.
        case message(String?)
        /// At this revision; ledgers before the fourth schema stored one.
        case revision(String)
        /// At this message, or at the first one from before this time.
        case time(UnixTime, message: String?)
    }

    /// One of our own messages.
    struct Found: Sendable, Equatable {
        let message: SentMessage
        /// The marks of the requests that it tells of; empty when it was deleted, or tells of none.
        let marks: [String]
        let isDeleted: Bool
    }

    /// The two who write there: the sender and the owner.
    let members: Set<DID>
    let sender: DID
    let end: End
    /// The newest message by the conversation's own word; pages without it are out of date.
    let newest: String?
    /// Our own messages, newest first.
    private(set) var found: [Found] = []
    /// Whether any message that was read, however old, is one of this program.
    private(set) var holdsOurs = false
    /// The newest message that was read, whoever wrote it.
    private(set) var newestRead: ConversationMessage?
    /// Whether the scan has reached its end.
    private(set) var isAtEnd = false
    /// Whether every message that was read was understood.
    private(set) var isUnderstood = true
    /// Why the pages cannot be the present conversation; nil when they can.
    private(set) var objection: String?
    /// When the oldest of the messages read was sent.
    private var oldestSentAt: UnixTime?
    private var pages = 0

    init(sender: DID, owner: DID, end: End, newest: String? = nil) {
        members = [sender, owner]
        self.sender = sender
        self.end = end
        self.newest = newest
    }

    /// Whether the scan proves that a message it did not find is not there.
    var isProof: Bool { isAtEnd && isReadable }

    /// The same for messages that were written after a time.
    func isProof(since time: UnixTime) -> Bool {
        isReadable && (isAtEnd || oldestSentAt.map { $0 < time } ?? false)
    }

    /// Whether every page that was read makes sense.
    var isReadable: Bool { isUnderstood && objection == nil }

    /// The message that tells of a request, found by the request's mark.
    func message(telling mark: String) -> SentMessage? { found.first { $0.marks.contains(mark) }?.message }

    /// Adds a page.
    mutating func read(_ page: MessagePage) {
        pages += 1
        guard page.messages.allSatisfy({ $0.sender.map(members.contains) ?? true }) else {
            return objection = "its messages are from a conversation of others"
        }
        if pages == 1, let newest, !page.messages.contains(where: { $0.id == newest }) {
            return objection = "its messages are older than it says"
        }
        newestRead = newestRead ?? page.messages.first
        holdsOurs = holdsOurs || page.messages.contains { $0.isMarked(by: sender) }
        if page.isPartlyReadable { isUnderstood = false }
        for message in page.messages {
            guard !isEnd(message) else { return isAtEnd = true }
            oldestSentAt = message.sentAt ?? oldestSentAt
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
        // The message that was once the newest is still there, or a deleted message is in its place.
        if isAtEnd, case .message(_?) = end {
            objection = "its messages do not go back to the last one that the ledger knows"
        }
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
    /// Reads the ledger's note of the place after which a message in doubt would stand.
    init(baseline text: String) {
        guard text.hasPrefix("id:") else {
            self = .revision(text)
            return
        }
        self = .message(text.count > 3 ? String(text.dropFirst(3)) : nil)
    }

    /// The note that the ledger keeps of a conversation's newest message.
    static func baseline(_ newest: String?) -> String { "id:" + (newest ?? "") }
}
