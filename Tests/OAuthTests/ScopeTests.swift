import TestSupport
import Testing

@testable import OAuth

@Suite struct `What a granted scope allows` {
    private static let chat = "did:web:api.bsky.chat#bsky_chat"

    @Test(arguments: [
        ("atproto transition:generic transition:chat.bsky", true),
        ("atproto transition:chat.bsky", true),
        ("atproto transition:generic", false),
        ("atproto", false),
        (
            "atproto rpc:chat.bsky.convo.getConvoForMembers?aud=did:web:api.bsky.chat%23bsky_chat "
                + "rpc:chat.bsky.convo.sendMessage?aud=did:web:api.bsky.chat%23bsky_chat", true
        ),
        ("atproto rpc:chat.bsky.convo.sendMessage?aud=did:web:api.bsky.chat%23bsky_chat", false),
        (
            "atproto rpc?lxm=chat.bsky.convo.getConvoForMembers&lxm=chat.bsky.convo.sendMessage"
                + "&aud=did:web:api.bsky.chat%23bsky_chat", true
        ),
        ("atproto rpc:*?aud=did:web:api.bsky.chat#bsky_chat", true),
        ("atproto rpc?lxm=chat.bsky.convo.getConvoForMembers&lxm=chat.bsky.convo.sendMessage&aud=*", true),
        ("atproto rpc:*?aud=*", false),
        ("atproto rpc:*?aud=did:web:api.bsky.chat", false),
        ("atproto rpc:chat.bsky.*?aud=did:web:api.bsky.chat%23bsky_chat", false),
        ("atproto rpc:*?aud=did:web:other.test%23bsky_chat", false),
        ("atproto include:chat.bsky.authFullChatClient?aud=did:web:api.bsky.chat%23bsky_chat", true),
        ("atproto include:chat.bsky.authFullChatClient", false),
    ]) func `each of the two chat calls needs its permission for the chat service`(scope: String, isEnough: Bool) {
        #expect(ScopeGrant(scope).allowsMessages(to: Self.chat) == isEnough)
    }

    @Test(arguments: [
        ("atproto transition:generic", true), ("atproto transition:chat.bsky", false),
        ("atproto repo:app.bsky.feed.post", true), ("atproto repo:*", true),
        ("atproto repo:app.bsky.feed.post?action=create&action=update", true),
        ("atproto repo:app.bsky.feed.post?action=create", false),
        ("atproto repo:*?action=create repo:app.bsky.feed.post?action=update", true),
        ("atproto repo?collection=app.bsky.feed.like&collection=app.bsky.feed.post", true),
        ("atproto repo:app.bsky.feed.like", false), ("atproto repo", false),
    ]) func `public posts need to be created and updated`(scope: String, isEnough: Bool) {
        #expect(ScopeGrant(scope).allowsPosts == isEnough)
    }

    @Test func `posts are asked for only where they are wanted`() {
        #expect(!ScopeGrant(ScopeChoice.granular.scopes(chatService: Self.chat).joined(separator: " ")).allowsPosts)
        let wide = ScopeChoice.granular.scopes(chatService: Self.chat, posts: true).joined(separator: " ")
        #expect(ScopeGrant(wide).allowsPosts && ScopeGrant(wide).allowsMessages(to: Self.chat))
    }

    @Test(arguments: ScopeChoice.allCases) func `what a login asks for is enough`(choice: ScopeChoice) {
        let scope = choice.scopes(chatService: Self.chat).joined(separator: " ")
        #expect(ScopeGrant(scope).allowsMessages(to: Self.chat))
        #expect(ScopeGrant(scope).hasBase)
    }

    @Test func `the valid rpc scopes of indigo's tests are read, the invalid ones are not`() throws {
        for line in try Corpus.cases("oauth/permission_scopes_valid.txt") where line.hasPrefix("rpc") {
            #expect(RPCPermission(line) != nil, "\(line)")
        }
        for line in try Corpus.cases("oauth/permission_scopes_invalid.txt") {
            #expect(RPCPermission(line) == nil, "\(line)")
        }
    }
}
