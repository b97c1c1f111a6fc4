import ATProtocol
import Network
import Synchronization

/// A chat service behind a session, in memory, that fails as it is told; what happens to it can be awaited.
final class ScriptedChat: AccountSession {
    /// What happens to the next call of a method.
    enum Fault: Sendable {
        /// This answer, and nothing is done.
        case answer(status: Int, body: String, headers: HTTPHeaders = [:])
        /// The call is carried out, and the answer is lost.
        case lostAfter
        /// The call is not carried out, and nobody can know.
        case lostBefore
        /// The call is carried out, and the answer is this.
        case carriedOut(status: Int, body: String)
        /// The session itself fails.
        case session(SessionError)
    }

    struct Message: Sendable, Equatable {
        let owner: DID
        let sender: DID
        let text: String
        let rev: String
        /// The message that it answers.
        var replyTo: String?
        /// Where it was said; nil for the conversation of its writer and the sender.
        var group: String?

        var id: String { "id-" + rev }
        var conversation: String { group ?? "convo-\(owner)" }
    }

    private struct State {
        var messages: [Message] = []
        var log: [Message] = []
        var faults: [String: [Fault]] = [:]
        var refusals: [DID: (status: Int, body: String)] = [:]
        var calls: [String] = []
        var revision = 0
        var isChatDisabled = false
        var posts: [String: JSONValue] = [:]
    }

    let account: DID
    private let state = Mutex(State())
    /// Every call that was answered or lost.
    let happened = Happenings()

    init(account: DID) { self.account = account }

    var messages: [Message] { state.withLock { $0.messages } }
    var calls: [String] { state.withLock { $0.calls } }

    /// How often a post was tried.
    var puts: Int { calls.count { $0 == "putRecord" } }

    /// The public posts of the sender, by key.
    var posts: [String: JSONValue] { state.withLock { $0.posts } }

    func messages(to owner: DID) -> [Message] { messages.filter { $0.owner == owner && $0.sender == account } }

    /// Those of them that tell of requests.
    func notices(to owner: DID) -> [Message] {
        messages(to: owner).filter { $0.text.contains("you get this because") }
    }

    /// Those of them that answer what the owner wrote, without their marks.
    func answers(to owner: DID) -> [String] {
        messages(to: owner).filter { !$0.text.contains("you get this because") }
            .map { String($0.text.prefix { $0 != "[" }) }
    }

    func fail(_ method: String, with faults: Fault...) { state.withLock { $0.faults[method, default: []] += faults } }

    func refuse(_ owner: DID, status: Int = 400, _ body: String?) {
        state.withLock { $0.refusals[owner] = body.map { (status, $0) } }
    }

    func disableChat(_ isDisabled: Bool) { state.withLock { $0.isChatDisabled = isDisabled } }

    /// An owner writes to the sender, or in a group that the sender is in.
    func say(_ text: String, by owner: DID, in group: String? = nil) {
        state.withLock { state in
            state.revision += 1
            var message = Message(owner: owner, sender: owner, text: text, rev: Self.rev(state.revision))
            message.group = group
            state.messages.append(message)
            state.log.append(message)
        }
    }

    func send(_ call: XRPCCall) async throws(SessionError) -> HTTPResponse {
        let method = String(call.method.text.split(separator: ".").last ?? "")
        let result = state.withLock { state -> Result<HTTPResponse, SessionError> in
            state.calls.append(method)
            let fault = state.faults[method]?.isEmpty == false ? state.faults[method]?.removeFirst() : nil
            switch fault {
            case .answer(let status, let body, let headers)?:
                return .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
            case .lostBefore?: return .failure(Self.lost)
            case .session(let failure)?: return .failure(failure)
            case .lostAfter?:
                _ = answer(method, call, &state)
                return .failure(Self.lost)
            case .carriedOut(let status, let body)?:
                _ = answer(method, call, &state)
                return .success(HTTPResponse(status: status, body: Array(body.utf8)))
            case nil: return .success(answer(method, call, &state))
            }
        }
        happened.note(method)
        return try result.get()
    }

    private static let lost = SessionError(
        HTTPError(code: .connectionLost, origin: "https://pds.test", detail: "reset", mayHaveBeenSent: true)
    )

    private static func rev(_ number: Int) -> String {
        "rev" + String(repeating: "0", count: 8 - String(number).count) + String(number)
    }

    private func answer(_ method: String, _ call: XRPCCall, _ state: inout State) -> HTTPResponse {
        if method == "putRecord", call.proxy == nil, let key = call.body?["rkey"]?.string {
            let record = call.body?["record"]
            // The same once more is no change, and is not refused.
            guard state.posts[key] == nil || state.posts[key] == record else {
                return Self.json(400, ["error": "InvalidSwap"])
            }
            state.posts[key] = record
            return Self.json(200, ["uri": .string("at://\(account)/app.bsky.feed.post/\(key)")])
        }
        guard call.proxy == "did:web:api.bsky.chat#bsky_chat" else {
            return Self.json(404, ["error": "XRPCNotSupported", "message": "XRPC Not Supported"])
        }
        func parameter(_ name: String) -> String? { call.parameters.first { $0.name == name }?.value }
        switch method {
        case "getConvoForMembers":
            guard let owner = parameter("members").flatMap({ try? DID($0) }) else { return Self.json(400, [:]) }
            if let refusal = state.refusals[owner] {
                return HTTPResponse(status: refusal.status, body: Array(refusal.body.utf8))
            }
            return Self.json(200, ["convo": view(of: owner, state)])
        case "getConvo":
            if let group = parameter("convoId"), group.hasPrefix("group") {
                return Self.json(200, ["convo": groupView(group, state)])
            }
            let owner = parameter("convoId").flatMap { try? DID(String($0.dropFirst(6))) }
            guard let owner else { return Self.json(400, ["error": "InvalidConvo", "message": "Convo not found"]) }
            return Self.json(200, ["convo": view(of: owner, state)])
        case "listConvos":
            let owners = Set(state.messages.filter { $0.group == nil }.map(\.owner))
            let groups = Set(state.messages.compactMap(\.group)).sorted()
            let views = groups.map { groupView($0, state) } + owners.map { view(of: $0, state) }
            return Self.json(200, ["convos": .array(views)])
        case "sendMessage":
            guard let id = call.body?["convoId"]?.string, id.hasPrefix("convo-"),
                let owner = try? DID(String(id.dropFirst(6))),
                let text = call.body?["message"]?["text"]?.string
            else { return Self.json(400, ["error": "InvalidConvo", "message": "Convo not found"]) }
            let target = call.body?["message"]?["replyTo"]?["messageId"]?.string
            guard target == nil || state.messages.contains(where: { $0.owner == owner && $0.id == target }) else {
                return Self.json(400, ["error": "ReplyTargetNotFound", "message": "Reply target message not found"])
            }
            state.revision += 1
            var message = Message(owner: owner, sender: account, text: text, rev: Self.rev(state.revision))
            message.replyTo = target
            state.messages.append(message)
            state.log.append(message)
            return Self.json(200, Self.view(message))
        case "getMessages":
            let conversation = parameter("convoId")
            let all = state.messages.filter { $0.conversation == conversation }.reversed()
            let before = parameter("cursor")
            let page = all.filter { message in before.map { message.rev < $0 } ?? true }.prefix(5)
            var members: [String: JSONValue] = ["messages": .array(page.map(Self.view))]
            if let last = page.last { members["cursor"] = .string(last.rev) }
            return Self.json(200, .object(members))
        case "getLog":
            let cursor = parameter("cursor")
            let news = cursor.map { cursor in state.log.filter { $0.rev > cursor } } ?? []
            return Self.json(
                200,
                [
                    "cursor": .string(news.last?.rev ?? cursor ?? Self.rev(state.revision)),
                    "logs": .array(
                        news.map {
                            [
                                "$type": "chat.bsky.convo.defs#logCreateMessage",
                                "convoId": .string($0.conversation), "message": Self.view($0),
                            ]
                        }
                    ),
                ]
            )
        case "getStatus": return Self.json(200, ["chatDisabled": .bool(state.isChatDisabled)])
        default: return Self.json(501, ["error": "MethodNotImplemented", "message": "Method Not Implemented"])
        }
    }

    private func view(of owner: DID, _ state: State) -> JSONValue {
        var view: [String: JSONValue] = [
            "id": .string("convo-\(owner)"), "rev": .string(Self.rev(state.revision)),
            "members": [["did": .string(owner.text)], ["did": .string(account.text)]],
        ]
        view["lastMessage"] = state.messages.last { $0.conversation == "convo-\(owner)" }.map(Self.view)
        return .object(view)
    }

    private func groupView(_ id: String, _ state: State) -> JSONValue {
        let members = Set(state.messages.filter { $0.group == id }.map(\.owner)).union([account])
        return [
            "id": .string(id), "rev": .string(Self.rev(state.revision)),
            "kind": ["$type": "chat.bsky.convo.defs#groupConvo", "name": "a group"],
            "members": .array(members.map { ["did": .string($0.text)] }),
        ]
    }

    private static func view(_ message: Message) -> JSONValue {
        [
            "id": .string(message.id), "rev": .string(message.rev), "text": .string(message.text),
            "sender": ["did": .string(message.sender.text)],
        ]
    }

    private static func json(_ status: Int, _ body: JSONValue) -> HTTPResponse {
        HTTPResponse(status: status, body: body.encoded)
    }
}
