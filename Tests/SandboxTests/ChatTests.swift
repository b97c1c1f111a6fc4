import ATProtocol
import Network
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The sandbox's chat service` {
    private let network: SandboxNetwork
    private let bot: SandboxAccount
    private let owner: SandboxAccount
    private let client: StrictClient

    init() async throws {
        network = try await SandboxNetwork.start()
        bot = try network.createAccount(handle: "bot.test")
        owner = try network.createAccount(handle: "owner.test", allowIncoming: nil)
        client = try StrictClient(network)
    }

    private func refusal(_ response: HTTPResponse) -> String {
        let error = XRPCError(response)
        return "\(error.status) \(error.name ?? "-"): \(error.message ?? "-")"
    }

    @Test func `a message goes from a login to the owner's conversation`() async throws {
        try network.setAllowIncoming(.all, of: owner)
        let tokens = try await client.logIn(bot)
        let opened = try await client.openConversation(with: owner.did, tokens)
        let conversation = try JSONValue(parsing: opened.body)["convo"]?["id"]?.string
        let sent = try await client.send("hello", to: #require(conversation), tokens)
        #expect(sent.status == 200, "\(refusal(sent))")
        #expect(sent.headers["DPoP-Nonce"] != nil)
        let stored = network.chat.messages
        #expect(stored.map(\.text) == ["hello"])
        #expect(stored.map(\.recipient) == [owner.did])
        let method = try NSID("chat.bsky.convo.getMessages")
        let page = try await client.call(
            .query(method, [("convoId", try #require(conversation))], proxy: StrictClient.chatService),
            tokens.access
        )
        #expect(try JSONValue(parsing: page.body)["messages"]?[0]?["id"]?.string == stored.first?.id)
    }

    @Test func `a message answers another of its conversation, and none that is not there`() async throws {
        try network.setAllowIncoming(.all, of: owner)
        let tokens = try await client.logIn(bot)
        let opened = try await client.openConversation(with: owner.did, tokens)
        let conversation = try #require(try JSONValue(parsing: opened.body)["convo"]?["id"]?.string)
        _ = try await client.send("hello", to: conversation, tokens)
        func answer(_ id: String) async throws -> HTTPResponse {
            let message: JSONValue = ["text": "more", "replyTo": ["messageId": .string(id)]]
            let body: JSONValue = ["convoId": .string(conversation), "message": message]
            let method = try NSID("chat.bsky.convo.sendMessage")
            return try await client.call(.procedure(method, body, proxy: StrictClient.chatService), tokens.access)
        }
        let first = try #require(network.chat.messages.first?.id)
        let sent = try await answer(first)
        #expect(try JSONValue(parsing: sent.body)["replyTo"]?["id"]?.string == first)
        #expect(network.chat.messages.map(\.replyTo) == [nil, first])
        #expect(refusal(try await answer("gone")).hasPrefix("400 ReplyTargetNotFound"))
        #expect(network.chat.messages.count == 2)
    }

    @Test func `each setting of the recipient has its own refusal`() async throws {
        let tokens = try await client.logIn(bot)
        func outcome() async throws -> String { refusal(try await client.openConversation(with: owner.did, tokens)) }
        #expect(
            try await outcome()
                == "400 NotFollowedBySender: recipient requires incoming messages to come from someone they follow"
        )
        network.setFollowing(true, owner, bot)
        #expect(try await outcome().hasPrefix("200"))
        try network.setAllowIncoming(.none, of: owner)
        #expect(try await outcome() == "400 MessagesDisabled: recipient has disabled incoming messages")
        network.chat.use(.legacy)
        #expect(try await outcome() == "400 InvalidRequest: recipient has disabled incoming messages")
        network.chat.use(.named)
        network.setBlocking(true, owner, bot)
        #expect(try await outcome() == "400 BlockedActor: block between recipient and sender")
        network.chat.setDisabled(true, bot.did)
        #expect(try await outcome() == "400 InvalidRequest: Account is disabled")
        let oneself = try await client.openConversation(with: bot.did, tokens)
        #expect(oneself.status == 400)
    }

    @Test(
        arguments: [
            (nil, "404 XRPCNotSupported: XRPC Not Supported"),
            ("#bsky_chat", "400 InvalidRequest: no did specified in proxy header"),
            ("did:web:api.bsky.chat", "400 InvalidRequest: no service id specified in proxy header"),
            ("did:web:api.bsky.chat#", "400 InvalidRequest: no service id specified in proxy header"),
            ("did:web:api.bsky.chat#a#b", "400 InvalidRequest: invalid proxy header format"),
            ("did:web:api.bsky.chat#bsky chat", "400 InvalidRequest: proxy header cannot contain spaces"),
            ("did:web:api.bsky.chat#other", "400 InvalidRequest: could not resolve proxy did service url"),
            ("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa#bsky_chat", "400 InvalidRequest: could not resolve proxy did"),
            ("did:foo:bar#x", "500 InternalServerError: Internal Server Error"),
        ] as [(String?, String)]
    )
    func `a wrong proxy header is refused before the token is looked at`(header: String?, answer: String) async throws {
        let method = try NSID("chat.bsky.convo.getConvoForMembers")
        let response = try await client.call(.query(method, [("members", owner.did.text)], proxy: header), "dead")
        #expect(refusal(response) == answer)
    }

    @Test func `a text beyond the limits is refused`() async throws {
        try network.setAllowIncoming(.all, of: owner)
        let tokens = try await client.logIn(bot)
        let opened = try await client.openConversation(with: owner.did, tokens)
        let conversation = try #require(try JSONValue(parsing: opened.body)["convo"]?["id"]?.string)
        for text in [String(repeating: "x", count: 1001), String(repeating: "👩‍👩‍👧‍👦", count: 500)] {
            #expect(try await client.send(text, to: conversation, tokens).status == 400)
        }
        #expect(try await client.send(String(repeating: "x", count: 1000), to: conversation, tokens).status == 200)
        #expect(refusal(try await client.send("x", to: "nowhere", tokens)) == "400 InvalidConvo: Convo not found")
    }

    @Test func `the log starts now and then tells of what the owner answers`() async throws {
        let tokens = try await client.logIn(bot)
        let method = try NSID("chat.bsky.convo.getLog")
        let first = try await client.call(.query(method, [], proxy: StrictClient.chatService), tokens.access)
        let cursor = try #require(try JSONValue(parsing: first.body)["cursor"]?.string)
        #expect(try JSONValue(parsing: first.body)["logs"]?.array == [])
        network.chat.write(from: owner.did, to: bot.did, "stop")
        let next = try await client.call(
            .query(method, [("cursor", cursor)], proxy: StrictClient.chatService),
            tokens.access
        )
        let texts = try JSONValue(parsing: next.body)["logs"]?.array?.compactMap {
            $0["message"]?["text"]?.string
        }
        #expect(texts == ["stop"])
    }

    @Test func `a fault after storing leaves exactly one message and no answer`() async throws {
        try network.setAllowIncoming(.all, of: owner)
        let tokens = try await client.logIn(bot)
        let opened = try await client.openConversation(with: owner.did, tokens)
        let conversation = try #require(try JSONValue(parsing: opened.body)["convo"]?["id"]?.string)
        // The first request only fetches a nonce.
        network.faults.add(.resetAfter, on: "sendMessage", skipping: 1)
        await #expect(throws: HTTPError.self) { try await client.send("once", to: conversation, tokens) }
        #expect(network.chat.messages.map(\.text) == ["once"])
        network.faults.add(.dropBefore, on: "sendMessage", skipping: 1)
        await #expect(throws: HTTPError.self) { try await client.send("never", to: conversation, tokens) }
        network.faults.add(.chatRateLimit, on: "sendMessage")
        let limited = try await client.send("never", to: conversation, tokens)
        #expect(limited.status == 429)
        #expect(limited.headers["ratelimit-remaining"] == "2900")
        #expect(network.chat.messages.count == 1)
    }
}
