internal import ATProtocol
internal import Network
internal import Synchronization

/// The methods of `chat.bsky.convo`.
extension ChatService {
    func getConvoForMembers(_ request: IncomingRequest, by caller: DID) throws(ResponseError) -> HTTPResponse {
        let other = try partner(of: caller, in: request)
        if let refusal = refusal(from: caller, to: other) { throw refusal }
        return state.withLock { state in
            let id = Self.open(in: &state, of: [caller, other], rev: nextRev())
            return .json(["convo": view(of: state.conversations[id], for: caller, state)])
        }
    }

    func getConvoAvailability(_ request: IncomingRequest, by caller: DID) throws(ResponseError) -> HTTPResponse {
        let other = try partner(of: caller, in: request)
        guard refusal(from: caller, to: other) == nil else { return .json(["canChat": false]) }
        return state.withLock { state in
            let known = state.conversations.values.first { Set($0.members) == [caller, other] }
            return known.map { .json(["canChat": true, "convo": view(of: $0, for: caller, state)]) }
                ?? .json(["canChat": true])
        }
    }

    func getConvo(_ request: IncomingRequest, by caller: DID) -> HTTPResponse {
        state.withLock { state in
            guard let known = conversation(request.parameter("convoId"), of: caller, state) else {
                return Self.notFound
            }
            return .json(["convo": view(of: known, for: caller, state)])
        }
    }

    func sendMessage(_ request: IncomingRequest, by caller: DID) throws(ResponseError) -> HTTPResponse {
        let input = try MessageInput(request)
        guard let known = state.withLock({ conversation(input.conversation, of: caller, $0) }) else {
            return Self.notFound
        }
        let recipient = known.other(than: caller)
        if let refusal = blockRefusal(caller, recipient) { throw refusal }
        if let target = input.replyTo, !known.messages.contains(where: { $0.id == target }) {
            throw .failure(400, "ReplyTargetNotFound", "Reply target message not found")
        }
        let message = state.withLock { store(input, from: caller, to: recipient, in: &$0) }
        announce(message)
        return .json(message.view)
    }

    func getMessages(_ request: IncomingRequest, by caller: DID) throws(ResponseError) -> HTTPResponse {
        let limit = try request.pageLimit()
        let cursor = request.parameter("cursor")
        return state.withLock { state in
            guard let known = conversation(request.parameter("convoId"), of: caller, state) else {
                return Self.notFound
            }
            let older = known.messages.reversed().filter { message in cursor.map { message.rev < $0 } ?? true }
            let page = older.prefix(limit)
            var members: [String: JSONValue] = ["messages": .array(page.map(\.typedView))]
            if let oldest = page.last { members["cursor"] = .string(oldest.rev) }
            return .json(.object(members))
        }
    }

    func getLog(_ request: IncomingRequest, by caller: DID) -> HTTPResponse {
        state.withLock { state in
            // Without a cursor the log “starts now”: nothing but the cursor to continue from.
            guard let cursor = request.parameter("cursor") else {
                return .json(["cursor": .string(state.log.last?.rev ?? "2222222222222"), "logs": []])
            }
            let page = state.log.filter { $0.rev > cursor && $0.members.contains(caller) }.prefix(100)
            return .json(["cursor": .string(page.last?.rev ?? cursor), "logs": .array(page.map(\.view))])
        }
    }

    func listConvos(_ request: IncomingRequest, by caller: DID) throws(ResponseError) -> HTTPResponse {
        let limit = try request.pageLimit()
        return state.withLock { state in
            let mine = state.conversations.values.filter { $0.members.contains(caller) }.sorted { $0.rev > $1.rev }
            return .json(["convos": .array(mine.prefix(limit).map { view(of: $0, for: caller, state) })])
        }
    }

    func acceptConvo(_ request: IncomingRequest, by caller: DID) -> HTTPResponse {
        let id = request.json?["convoId"]?.string
        return state.withLock { state in
            guard let known = conversation(id, of: caller, state) else { return Self.notFound }
            guard state.conversations[known.id]?.accepted.insert(caller).inserted == true else { return .json([:]) }
            return .json(["rev": .string(nextRev())])
        }
    }

    // MARK: Rules

    private static let notFound = HTTPResponse.failure(400, "InvalidConvo", "Convo not found")

    /// The one whom a request names beside the caller.
    private func partner(of caller: DID, in request: IncomingRequest) throws(ResponseError) -> DID {
        let texts = request.parameters("members")
        let dids = texts.compactMap { try? DID($0) }
        guard (1...10).contains(texts.count), dids.count == texts.count else {
            throw .invalid("Params/members must be an array of 1 to 10 dids")
        }
        let others = dids.filter { $0 != caller }
        guard others.count == 1 else { throw .invalid("members must name one account beside the caller") }
        return others[0]
    }

    /// Why the caller may not open a conversation with the recipient; nil when it may.
    private func refusal(from caller: DID, to recipient: DID) -> ResponseError? {
        guard accounts.account(recipient) != nil, accounts.status(of: recipient) != "deleted" else {
            return named("RecipientNotFound", "recipient does not exist")
        }
        if state.withLock({ $0.suspended.contains(recipient) || $0.suspended.contains(caller) }) {
            return named("AccountSuspended", "account is suspended")
        }
        if let blocked = blockRefusal(caller, recipient) { return blocked }
        let declaration = repositories.record("at://\(recipient)/chat.bsky.actor.declaration/self")
        switch declaration?.value["allowIncoming"]?.string {
        case "all": return nil
        case "following", nil:
            guard !accounts.follows(recipient, caller) else { return nil }
            return named(
                "NotFollowedBySender",
                "recipient requires incoming messages to come from someone they follow"
            )
        default: return named("MessagesDisabled", "recipient has disabled incoming messages")
        }
    }

    private func blockRefusal(_ caller: DID, _ recipient: DID) -> ResponseError? {
        let message = "block between recipient and sender"
        if accounts.blocks(recipient, caller) { return named("BlockedActor", message) }
        return accounts.blocks(caller, recipient) ? named("BlockedSubject", message) : nil
    }

    private func named(_ name: String, _ message: String) -> ResponseError {
        .failure(400, state.withLock(\.style) == .named ? name : "InvalidRequest", message)
    }

    private func conversation(_ id: String?, of caller: DID, _ state: State) -> Conversation? {
        guard let known = id.flatMap({ state.conversations[$0] }), known.members.contains(caller) else { return nil }
        return known
    }

    private func view(of conversation: Conversation?, for viewer: DID, _ state: State) -> JSONValue {
        guard let conversation else { return .null }
        let members = conversation.members.map { did -> JSONValue in
            [
                "did": .string(did.text), "handle": .string(accounts.account(did)?.handle.text ?? "handle.invalid"),
                "chatDisabled": .bool(state.disabled.contains(did)),
            ]
        }
        var view: [String: JSONValue] = [
            "id": .string(conversation.id), "rev": .string(conversation.rev), "members": .array(members),
            "muted": false, "unreadCount": 0,
            "status": conversation.accepted.contains(viewer) ? "accepted" : "request",
        ]
        view["lastMessage"] = conversation.messages.last?.typedView
        return .object(view)
    }
}
