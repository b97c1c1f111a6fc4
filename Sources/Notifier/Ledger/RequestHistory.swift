public import ATProtocol
public import Network

/// Everything that the ledger knows about one change request.
public struct RequestHistory: Sendable, Equatable {
    /// Where and when an event about it was seen.
    public struct Sighting: Sendable, Equatable {
        /// What the event said.
        public let operation: String
        /// The repository's revision.
        public let rev: String
        /// The version of the record, by its CID; nil for a delete.
        public let cid: String?
        /// The stream's host and wire.
        public let host: String
        public let wire: String
        /// The position in the stream.
        public let position: Int64
        /// When it was seen.
        public let seenAt: UnixTime
    }

    /// An attempt and its result.
    public struct Attempt: Sendable, Equatable {
        /// When it was made.
        public let at: UnixTime
        /// What was being done.
        public let phase: String
        /// The result: an action, `delivered`, `found` or `not found`.
        public let outcome: String
        /// The stable reason; nil for success.
        public let reason: Reason?
        /// The HTTP status, if there was an answer.
        public let status: Int?
        /// The name of the XRPC error, if there was one.
        public let error: String?
        /// What came back: one clause.
        public let detail: String?
        /// When the next attempt was due.
        public let nextAt: UnixTime?
    }

    /// A message that was stored for it.
    public struct Message: Sendable, Equatable {
        public let conversation: String
        /// The bracket in the message's last line, by which it is recognised in the chat.
        public let reference: String
        /// Sends that may have happened.
        public let sends: Int
        /// When it was last sent.
        public let sentAt: UnixTime
        /// The id that the service gave it; nil when unknown.
        public let messageID: String?
    }

    /// The change request.
    public let uri: ATURI
    /// The first event about it and the newest ones, oldest first.
    public let sightings: [Sighting]
    public let jobs: [Job]
    /// Every attempt, oldest first.
    public let attempts: [Attempt]
    /// Every message, oldest first.
    public let messages: [Message]
}
