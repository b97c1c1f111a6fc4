public import ATProtocol
public import Network

/// The calls to the chat service that delivery needs, through the sender's PDS, each with the proxy header.
///
/// Answers are read leniently, because the lexicon grows every month. Each call is made once; ``classify(_:_:)``
/// decides what to do about a failure.
public struct ChatClient: Sendable {
    private let session: any AccountSession
    private let proxy: String

    /// A client for a sender.
    public init(session: any AccountSession, proxy: String) {
        self.session = session
        self.proxy = proxy
    }

    /// The account that sends.
    public var sender: DID { session.account }

    /// The conversation with an owner, which is created when there is none; safe to repeat.
    ///
    /// - Throws: ``CallError``, also for an answer about other people's conversation.
    public func conversation(with owner: DID) async throws(CallError) -> Conversation {
        let json = try await query("chat.bsky.convo.getConvoForMembers", [("members", owner.text)])
        guard let view = json["convo"], let conversation = Conversation(view, of: sender) else {
            throw .unreadable(status: 200, detail: "the answer has no conversation")
        }
        try check(view, isWith: owner)
        let silent = (view["members"]?.array ?? []).filter { $0["chatDisabled"]?.bool == true }
            .compactMap { $0["did"]?.string }
        if silent.contains(sender.text) { throw .chatDisabled(isSender: true) }
        if silent.contains(owner.text) { throw .chatDisabled(isSender: false) }
        return conversation
    }

    /// A conversation by its id, if it is the one with an owner.
    ///
    /// - Throws: ``CallError``, also for an answer about other people's conversation.
    @discardableResult
    func checkConversation(_ id: String, isWith owner: DID) async throws(CallError) -> Conversation {
        let (view, conversation) = try await readView(of: id)
        try check(view, isWith: owner)
        return conversation
    }

    /// Whether a conversation is between the sender and an owner alone; false for every group, however small.
    ///
    /// - Throws: ``CallError``.
    func isDirect(_ id: String, with owner: DID) async throws(CallError) -> Bool {
        let (view, _) = try await readView(of: id)
        let isGroup = view["kind"]?["$type"]?.string?.hasSuffix("#groupConvo") == true
        return !isGroup && members(of: view).isSubset(of: [sender.text, owner.text])
    }

    private func readView(of id: String) async throws(CallError) -> (JSONValue, Conversation) {
        let json = try await query("chat.bsky.convo.getConvo", [("convoId", id)])
        guard let view = json["convo"], let conversation = Conversation(view, of: sender), conversation.id == id else {
            throw .misdirected("the answer is another conversation than was asked for")
        }
        return (view, conversation)
    }

    private func members(of view: JSONValue) -> Set<String> {
        Set((view["members"]?.array ?? []).map { $0["did"]?.string ?? "" })
    }

    private func check(_ view: JSONValue, isWith owner: DID) throws(CallError) {
        guard members(of: view) == [sender.text, owner.text] else {
            throw .misdirected("the answer is a conversation of others")
        }
    }

    /// The newest message of this program in any conversation; nil when none of the latest conversations has one.
    ///
    /// A session that may make this call may make all others that delivery needs. `getStatus` does not prove that for
    /// an app password.
    ///
    /// - Throws: ``CallError``.
    public func newestOwnMessage() async throws(CallError) -> (id: String, conversation: String, sentAt: UnixTime?)? {
        let own = try await conversations(before: nil).views.compactMap {
            view -> (id: String, conversation: String, sentAt: UnixTime?)? in
            guard let id = view["id"]?.string, let last = view["lastMessage"].flatMap(ConversationMessage.init),
                last.isMarked(by: sender)
            else { return nil }
            return (last.id, id, last.sentAt)
        }
        return own.max { ($0.sentAt ?? .distantPast) < ($1.sentAt ?? .distantPast) }
    }

    /// The conversations that were written in since a time, by the date of their latest message.
    ///
    /// At most the latest two hundred conversations are looked at.
    ///
    /// - Throws: ``CallError``.
    func conversations(since time: UnixTime) async throws(CallError) -> [String] {
        var found: [String] = []
        var cursor: String?
        for _ in 0..<4 {
            let page = try await conversations(before: cursor)
            found += page.views.compactMap { view in
                let last = view["lastMessage"].flatMap(ConversationMessage.init)?.sentAt ?? .distantFuture
                return last >= time ? view["id"]?.string : nil
            }
            cursor = page.cursor
            if cursor == nil { break }
        }
        return found
    }

    /// A page of the conversations, the latest first.
    private func conversations(
        before cursor: String?
    ) async throws(CallError) -> (views: [JSONValue], cursor: String?) {
        let before = cursor.map { [(name: "cursor", value: $0)] } ?? []
        let json = try await query("chat.bsky.convo.listConvos", [("limit", "50")] + before)
        guard let views = json["convos"]?.array else {
            throw .unreadable(status: 200, detail: "the answer has no list of conversations")
        }
        return (views, json["cursor"]?.string)
    }

    /// Sends a message, once.
    ///
    /// - Parameters:
    ///   - input: `chat.bsky.convo.defs#messageInput`.
    ///   - conversation: its id.
    /// - Returns: the id and revision that the service gave the message.
    /// - Throws: ``CallError``; after some failures the message may have arrived all the same.
    public func send(_ input: JSONValue, to conversation: String) async throws(CallError) -> SentMessage {
        let body: JSONValue = ["convoId": .string(conversation), "message": input]
        let json = try await call(.procedure(NSID(known: "chat.bsky.convo.sendMessage"), body, proxy: proxy))
        guard let message = ConversationMessage(json) else {
            throw .unreadable(status: 200, detail: "the answer has no message")
        }
        // The service may change the text a little; the marks show that the message is ours.
        let marks = MessageReference.marks(in: input["text"]?.string ?? "")
        guard message.sender == sender, let text = message.text,
            marks.isEmpty ? text == input["text"]?.string : MessageReference.marks(in: text) == marks
        else { throw .misdirected("the answer is another message than was sent") }
        return SentMessage(id: message.id, rev: message.rev)
    }

    /// A page of a conversation, newest first.
    ///
    /// - Throws: ``CallError``.
    public func messages(in conversation: String, before cursor: String?) async throws(CallError) -> MessagePage {
        var parameters = [(name: "convoId", value: conversation), (name: "limit", value: "100")]
        if let cursor { parameters.append((name: "cursor", value: cursor)) }
        let json = try await query("chat.bsky.convo.getMessages", parameters)
        guard let messages = json["messages"]?.array else {
            throw .unreadable(status: 200, detail: "the answer has no list of messages")
        }
        return MessagePage(
            messages: messages.compactMap(ConversationMessage.init),
            cursor: json["cursor"]?.string,
            isPartlyReadable: messages.contains { message in
                let author = ConversationMessage.sender(of: message)
                return ConversationMessage(message) == nil && (author == nil || author == sender)
            }
        )
    }

    /// What happened in all conversations since a cursor; without a cursor, only the present cursor.
    ///
    /// - Throws: ``CallError``.
    public func log(since cursor: String?) async throws(CallError) -> ChatLog {
        let parameters = cursor.map { [(name: "cursor", value: $0)] } ?? []
        let json = try await query("chat.bsky.convo.getLog", parameters)
        guard let entries = json["logs"]?.array else {
            throw .unreadable(status: 200, detail: "the answer has no log")
        }
        let messages = entries.filter { $0["$type"]?.string == "chat.bsky.convo.defs#logCreateMessage" }
            .compactMap { entry -> ConversationMessage? in
                var message = entry["message"].flatMap(ConversationMessage.init)
                message?.conversation = entry["convoId"]?.string
                return message
            }
        return ChatLog(messages: messages, cursor: json["cursor"]?.string, count: entries.count)
    }

    /// Whether the service has disabled the sender's chat.
    ///
    /// - Throws: ``CallError``.
    public func isChatDisabled() async throws(CallError) -> Bool {
        try await query("chat.bsky.actor.getStatus")["chatDisabled"]?.bool ?? false
    }

    private func query(
        _ method: StaticString,
        _ parameters: [(name: String, value: String)] = []
    ) async throws(CallError) -> JSONValue {
        try await call(.query(NSID(known: method), parameters, proxy: proxy))
    }

    private func call(_ call: XRPCCall) async throws(CallError) -> JSONValue {
        let response: HTTPResponse
        do { response = try await session.send(call) } catch { throw .session(error) }
        return try response.json()
    }
}
