internal import ATProtocol

/// A stored message with the jobs that it tells of; an answer tells of none.
struct Message: Sendable, Equatable {
    /// A job that the message tells of.
    struct Member: Sendable, Equatable {
        let job: Int64
        let request: Int64
        /// The change request.
        let uri: ATURI
        /// Why it must not be sent any more; nil when it may.
        let withdrawal: Reason?
    }

    let id: Int64
    let owner: DID
    let kind: MessageKind
    /// The message that an answer replies to, by the id that the chat service gave it.
    let replyTo: String?
    /// The marks of the listed requests, or of the answered message, as in the bracket at its end: `ref-a.b.c`.
    let reference: String
    /// `chat.bsky.convo.defs#messageInput`.
    let input: JSONValue
    let conversation: String
    /// The place in the conversation after which it must stand (``ConversationScan/End``).
    let baseline: String
    let machine: MessageMachine
    /// How often in a row the conversation could not be read, or the answer not be sent.
    let attempts: Int
    let members: [Member]
}
