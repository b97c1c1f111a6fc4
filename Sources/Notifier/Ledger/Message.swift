internal import ATProtocol

/// One message that was written down to be sent, with the jobs that it speaks of; an answer speaks of none.
struct Message: Sendable, Equatable {
    /// A job that the message speaks of.
    struct Member: Sendable, Equatable {
        let job: Int64
        let request: Int64
        /// The change request.
        let uri: ATURI
        /// Why it must not be sent any more.
        let withdrawal: Reason?
    }

    let id: Int64
    let owner: DID
    let kind: MessageKind
    /// What an answer answers, by the id that the chat service gave it.
    let replyTo: String?
    /// The marks of the requests that it lists, or of what it answers, as they stand in the bracket at its end: `ref-a.b.c`.
    let reference: String
    /// `chat.bsky.convo.defs#messageInput`.
    let input: JSONValue
    let conversation: String
    /// The place in the conversation behind which it is (``ConversationScan/End``).
    let baseline: String
    let machine: MessageMachine
    /// Failed reads of the conversation, or tries to answer, in a row.
    let attempts: Int
    let members: [Member]
}
