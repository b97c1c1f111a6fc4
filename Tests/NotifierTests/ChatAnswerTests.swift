import ATProtocol
import Network
import Sandbox
import TestSupport
import Testing

@testable import Notifier

/// What the chat client makes of good answers that come over real HTTP; the others are the failure rows' business.
@Suite(.timeLimit(.minutes(2))) struct `Answers of the chat service over HTTP` {
    private struct Stage {
        let network: SandboxNetwork
        let bot: SandboxAccount
        let owner: SandboxAccount
        let session: PasswordSession

        init() async throws {
            network = try await SandboxNetwork.start()
            bot = try network.createAccount(handle: "bot.test")
            owner = try network.createAccount(handle: "owner.test")
            let http = CurlHTTPClient.loopback()
            session = try await PasswordSession(bot, network: network, http: http)
        }

        func chat(proxy: String = "did:web:api.bsky.chat#bsky_chat") -> ChatClient {
            ChatClient(session: session, proxy: proxy)
        }
    }

    private static let input: JSONValue = ["text": "hello"]

    private func verdict(_ phase: CallPhase, _ body: () async throws(CallError) -> Void) async -> Verdict? {
        do throws(CallError) { try await body() } catch { return classify(phase, error) }
        return nil
    }

    @Test func `a message is stored, found again by its marker, and seen in the log`() async throws {
        let stage = try await Stage()
        let chat = stage.chat()
        let cursor = try await chat.log(since: nil).cursor
        let conversation = try await chat.conversation(with: stage.owner.did)
        let sent = try await chat.send(["text": "hello [ref-2345]"], to: conversation.id)
        let page = try await chat.messages(in: conversation.id, before: nil)
        var scan = ConversationScan(
            sender: stage.bot.did,
            owner: stage.owner.did,
            end: .message(conversation.lastMessage),
            newest: sent.id
        )
        scan.read(page)
        #expect(scan.message(telling: "2345") == sent)
        #expect(scan.message(telling: "6789") == nil)
        scan.read(MessagePage(messages: [], cursor: nil))
        #expect(scan.isProof)
        #expect(try await chat.newestOwnMessage()?.id == sent.id)
        #expect(try await chat.conversation(with: stage.owner.did).lastMessage == sent.id)
        try await chat.checkConversation(conversation.id, isWith: stage.owner.did)
        #expect(try await chat.log(since: cursor).messages.map(\.id) == [sent.id])
        #expect(try await chat.isChatDisabled() == false)
    }

    @Test func `a conversation that is gone is reopened`() async throws {
        let stage = try await Stage()
        let verdict = await verdict(.sendMessage) { () async throws(CallError) in
            _ = try await stage.chat().send(Self.input, to: "gone")
        }
        #expect(verdict?.row == 24)
        #expect(verdict?.reason == .conversationNotFound)
        #expect(verdict?.isOfJobAlone == true)
    }
}
