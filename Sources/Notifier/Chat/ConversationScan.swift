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

    /// Who writes there: the sender and the owner.
    let members: Set<DID>
    let sender: DID
    let end: End
    /// The newest message, as the conversation itself says: pages without it are old.
    let newest: String?
    /// Our own, newest first.
    private(set) var found: [Found] = []
    /// Whether a message of this program's is among all that were read, however old.
    private(set) var holdsOurs = false
    /// The newest message of all that were read, whoever wrote it.
    private(set) var newestRead: ConversationMessage?
    /// Whether everything was read.
    private(set) var isAtEnd = false
    /// Whether everything that was read could be understood.
    private(set) var isUnderstood = true
    /// Why what was read cannot be this conversation as it is; nil when it can.
    private(set) var objection: String?
    /// When the oldest message that was read was sent.
    private var oldestSentAt: UnixTime?
    private var pages = 0

    init(sender: DID, owner: DID, end: End, newest: String? = nil) {
        members = [sender, owner]
        self.sender = sender
        self.end = end
        self.newest = newest
    }

    /// Whether what was not found is not there.
    var isProof: Bool { isAtEnd && isReadable }

    /// Whether what was not found was not written behind a time.
    func isProof(since time: UnixTime) -> Bool {
        isReadable && (isAtEnd || oldestSentAt.map { $0 < time } ?? false)
    }

    /// Whether everything that was read makes sense.
    var isReadable: Bool { isUnderstood && objection == nil }

    /// The message that tells of a request, by its mark.
    func message(telling mark: String) -> SentMessage? { found.first { $0.marks.contains(mark) }?.message }

    /// Takes a page.
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
        // What was the newest once is still there, or a deleted message in its place.
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
