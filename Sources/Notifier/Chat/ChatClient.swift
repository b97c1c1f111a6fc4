public import ATProtocol
internal import Network

/// The calls of the chat service that delivery needs, through the sender's PDS and with the proxy header on each.
///
/// Answers are read leniently: the lexicon grows every month. A call is made once; what to do about a failure is
/// decided by ``classify(_:_:)``.
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

    /// The one conversation with an owner, made when there is none; safe to repeat.
    ///
    /// - Throws: ``CallFailure``.
    public func conversation(with owner: DID) async throws(CallFailure) -> Conversation {
        let json = try await call(.query(ChatMethod.getConvoForMembers, [("members", owner.text)], proxy: proxy))
        guard let convo = json["convo"], let id = convo["id"]?.string, let rev = convo["rev"]?.string else {
            throw .unreadable(status: 200, detail: "there is no conversation in it")
        }
        let silent = (convo["members"]?.array ?? []).filter { $0["chatDisabled"]?.bool == true }
            .compactMap { $0["did"]?.string }
        if silent.contains(session.account.text) { throw .chatDisabled(isSender: true) }
        if silent.contains(owner.text) { throw .chatDisabled(isSender: false) }
        return Conversation(id: id, rev: rev)
    }

    /// Sends a message, once.
    ///
    /// - Parameters:
    ///   - input: `chat.bsky.convo.defs#messageInput`.
    ///   - conversation: its id.
    /// - Returns: what the service calls the message.
    /// - Throws: ``CallFailure``; after some of them the message may have arrived.
    public func send(_ input: JSONValue, to conversation: String) async throws(CallFailure) -> SentMessage {
        let body: JSONValue = ["convoId": .string(conversation), "message": input]
        let json = try await call(.procedure(ChatMethod.sendMessage, body, proxy: proxy))
        guard let message = SentMessage(json) else {
            throw .unreadable(status: 200, detail: "there is no message in it")
        }
        return message
    }

    /// A page of a conversation, newest first.
    ///
    /// - Throws: ``CallFailure``.
    public func messages(in conversation: String, before cursor: String?) async throws(CallFailure) -> MessagePage {
        var parameters = [(name: "convoId", value: conversation), (name: "limit", value: "100")]
        if let cursor { parameters.append((name: "cursor", value: cursor)) }
        let json = try await call(.query(ChatMethod.getMessages, parameters, proxy: proxy))
        guard let messages = json["messages"]?.array else {
            throw .unreadable(status: 200, detail: "there are no messages in it")
        }
        let understood = messages.compactMap(ConversationMessage.init)
        return MessagePage(
            messages: understood,
            cursor: json["cursor"]?.string,
            isPartlyUnderstood: understood.count < messages.count
        )
    }

    /// What happened in all conversations since a cursor; without one, only the cursor of now.
    ///
    /// - Throws: ``CallFailure``.
    public func log(since cursor: String?) async throws(CallFailure) -> ChatLog {
        let parameters = cursor.map { [(name: "cursor", value: $0)] } ?? []
        let json = try await call(.query(ChatMethod.getLog, parameters, proxy: proxy))
        guard let entries = json["logs"]?.array else {
            throw .unreadable(status: 200, detail: "there is no log in it")
        }
        let messages = entries.filter { $0["$type"]?.string == "chat.bsky.convo.defs#logCreateMessage" }
            .compactMap { entry in entry["message"].flatMap(ConversationMessage.init) }
        return ChatLog(messages: messages, cursor: json["cursor"]?.string, count: entries.count)
    }

    /// Whether the sender may chat.
    ///
    /// - Throws: ``CallFailure``.
    public func isChatDisabled() async throws(CallFailure) -> Bool {
        try await call(.query(ChatMethod.getStatus, proxy: proxy))["chatDisabled"]?.bool ?? false
    }

    private func call(_ call: XRPCCall) async throws(CallFailure) -> JSONValue {
        let response: HTTPResponse
        do { response = try await session.send(call) } catch { throw .session(error) }
        return try response.json()
    }
}
