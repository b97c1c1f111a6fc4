public import ATProtocol
internal import Network
internal import Synchronization

/// `did:web:api.bsky.chat`: conversations of two, with the refusals of the real service.
///
/// It is reached through the PDS only, which has checked who calls.
public final class ChatService: Sendable {
    /// How refusals are named.
    public enum ErrorStyle: Sendable {
        /// `NotFollowedBySender` and its kind, as since May 2026.
        case named
        /// `InvalidRequest` with the same message, as before.
        case legacy
    }

    struct State {
        var conversations: [String: Conversation] = [:]
        var messages: [StoredMessage] = []
        var log: [ChatLogEntry] = []
        var suspended: Set<DID> = []
        var disabled: Set<DID> = []
        var style = ErrorStyle.named
    }

    let state = Mutex(State())
    let accounts: AccountBook
    let repositories: RepositoryStore
    let clock: SandboxClock
    private let broadcast = Broadcast<StoredMessage>()

    init(accounts: AccountBook, repositories: RepositoryStore, clock: SandboxClock) {
        self.accounts = accounts
        self.repositories = repositories
        self.clock = clock
    }

    /// Every message ever accepted, oldest first.
    public var messages: [StoredMessage] { state.withLock(\.messages) }

    /// The messages from now on.
    public func deliveries() -> AsyncStream<StoredMessage> { broadcast.stream() }

    /// Waits until so many messages are stored in all.
    ///
    /// - Parameters:
    ///   - count: of all messages since the start.
    ///   - timeout: how long at most.
    /// - Returns: the messages, fewer than `count` when the time was up.
    public func messages(reaching count: Int, within timeout: Duration) async -> [StoredMessage] {
        let arrivals = deliveries()
        if messages.count < count { _ = await arrivals.first(within: timeout) { _ in self.messages.count >= count } }
        return messages
    }

    /// Names refusals in the new or the old way.
    public func use(_ style: ErrorStyle) { state.withLock { $0.style = style } }

    /// Suspends an account, or ends that: `AccountSuspended` for both sides.
    public func setSuspended(_ isSuspended: Bool, _ did: DID) {
        state.withLock { if isSuspended { $0.suspended.insert(did) } else { $0.suspended.remove(did) } }
    }

    /// Disables chat for a sender: `getStatus` says so and every call answers “Account is disabled”.
    public func setDisabled(_ isDisabled: Bool, _ did: DID) {
        state.withLock { if isDisabled { $0.disabled.insert(did) } else { $0.disabled.remove(did) } }
    }

    /// Forgets every conversation, so that a remembered one answers `InvalidConvo`; messages stay counted.
    public func forgetConversations() { state.withLock { $0.conversations = [:] } }

    /// Writes a message from one account to another without any check, as an owner who answers does.
    @discardableResult
    public func write(from sender: DID, to recipient: DID, _ text: String) -> StoredMessage {
        let stored = state.withLock { state in
            let conversation = Self.open(in: &state, of: [sender, recipient], rev: nextRev())
            return store(MessageInput(conversation: conversation, text: text), from: sender, to: recipient, in: &state)
        }
        broadcast.send(stored)
        return stored
    }

    /// Carries out one call of `chat.bsky.*`.
    func answer(
        _ method: String,
        by caller: DID,
        _ request: IncomingRequest
    ) throws(ResponseError) -> HTTPResponse {
        let isDisabled = state.withLock { $0.disabled.contains(caller) }
        if method == "chat.bsky.actor.getStatus" {
            return .json(["chatDisabled": .bool(isDisabled), "canCreateGroups": false, "groupMemberLimit": 50])
        }
        guard !isDisabled else { throw .invalid("Account is disabled") }
        let isProcedure = ["sendMessage", "acceptConvo", "updateRead"].contains { method == "chat.bsky.convo.\($0)" }
        let expected = isProcedure ? "POST" : "GET"
        guard request.method == expected else {
            throw .invalid("Incorrect HTTP method (\(request.method)) expected \(expected)")
        }
        switch method {
        case "chat.bsky.convo.getConvoForMembers": return try getConvoForMembers(request, by: caller)
        case "chat.bsky.convo.getConvoAvailability": return try getConvoAvailability(request, by: caller)
        case "chat.bsky.convo.getConvo": return getConvo(request, by: caller)
        case "chat.bsky.convo.sendMessage": return try sendMessage(request, by: caller)
        case "chat.bsky.convo.getMessages": return try getMessages(request, by: caller)
        case "chat.bsky.convo.getLog": return getLog(request, by: caller)
        case "chat.bsky.convo.listConvos": return try listConvos(request, by: caller)
        case "chat.bsky.convo.acceptConvo": return acceptConvo(request, by: caller)
        default: throw .failure(501, "MethodNotImplemented", "Method Not Implemented")
        }
    }

    func nextRev() -> String { TID(microseconds: clock.uniqueMicroseconds(), clock: 1).text }

    /// The conversation of these members, made when there is none; gives its identifier.
    static func open(in state: inout State, of members: [DID], rev: String) -> String {
        let key = Set(members)
        if let known = state.conversations.values.first(where: { Set($0.members) == key }) { return known.id }
        let conversation = Conversation(id: rev, members: members, rev: rev)
        state.conversations[rev] = conversation
        state.log.append(ChatLogEntry(rev: rev, conversation: rev, message: nil, members: members))
        return rev
    }

    func store(_ input: MessageInput, from sender: DID, to recipient: DID, in state: inout State) -> StoredMessage {
        let rev = nextRev()
        let message = StoredMessage(
            id: nextRev(),
            rev: rev,
            conversation: input.conversation,
            sender: sender,
            recipient: recipient,
            text: input.text,
            facets: input.facets,
            replyTo: input.replyTo,
            sentAt: SandboxClock.text(microseconds: UInt64(max(0, clock.now().microseconds)))
        )
        state.conversations[input.conversation]?.messages.append(message)
        state.conversations[input.conversation]?.rev = rev
        state.conversations[input.conversation]?.accepted.insert(sender)
        state.messages.append(message)
        state.log.append(
            ChatLogEntry(rev: rev, conversation: input.conversation, message: message, members: [sender, recipient])
        )
        return message
    }

    func announce(_ message: StoredMessage) { broadcast.send(message) }
}
