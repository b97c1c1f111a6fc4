internal import ATProtocol

/// One message that was written down to be sent, with the jobs that it speaks of.
struct Message: Sendable, Equatable {
    /// A job that the message speaks of.
    struct Member: Sendable, Equatable {
        let job: Int64
        let request: Int64
        /// Why it must not be sent any more.
        let withdrawal: Reason?
    }

    let id: Int64
    let owner: DID
    let marker: String
    /// `chat.bsky.convo.defs#messageInput`.
    let input: JSONValue
    let conversation: String
    let baseline: String
    let machine: MessageMachine
    /// Failed reads of the conversation in a row.
    let attempts: Int
    let members: [Member]
}
