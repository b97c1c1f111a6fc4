internal import ATProtocol

/// The methods of the chat service that we call.
enum ChatMethod {
    static let getConvoForMembers = NSID(known: "chat.bsky.convo.getConvoForMembers")
    static let getConvo = NSID(known: "chat.bsky.convo.getConvo")
    static let listConvos = NSID(known: "chat.bsky.convo.listConvos")
    static let sendMessage = NSID(known: "chat.bsky.convo.sendMessage")
    static let getMessages = NSID(known: "chat.bsky.convo.getMessages")
    static let getLog = NSID(known: "chat.bsky.convo.getLog")
    static let getStatus = NSID(known: "chat.bsky.actor.getStatus")
}
