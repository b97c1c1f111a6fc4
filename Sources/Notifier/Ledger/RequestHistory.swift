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
        /// Which version of the record; nil for a delete.
        public let cid: String?
        /// The stream's host and wire.
        public let host: String
        /// The wire.
        public let wire: String
        /// The position in the stream.
        public let position: Int64
        /// When it was seen.
        public let seenAt: UnixTime
    }

    /// A try and what came of it.
    public struct Attempt: Sendable, Equatable {
        /// When.
        public let at: UnixTime
        /// What was being done.
        public let phase: String
        /// What came of it: an action, `delivered`, `found` or `not found`.
        public let outcome: String
        /// The stable reason; nil for success.
        public let reason: Reason?
        /// HTTP status, when there was an answer.
        public let status: Int?
        /// Name of the XRPC error, when there was one.
        public let error: String?
        /// What came back, in a clause.
        public let detail: String?
        /// When it was to be tried again.
        public let nextAt: UnixTime?
    }

    /// A message that was written down for it.
    public struct Message: Sendable, Equatable {
        /// The conversation.
        public let conversation: String
        /// What the message is known by in the chat: the bracket in its last line.
        public let reference: String
        /// Sends that may have happened.
        public let sends: Int
        /// When it was last sent.
        public let sentAt: UnixTime
        /// What the service calls it, when that is known.
        public let messageID: String?
    }

    /// The change request.
    public let uri: ATURI
    /// The first event about it and the newest ones, oldest first.
    public let sightings: [Sighting]
    /// Its jobs.
    public let jobs: [Job]
    /// Every try, oldest first.
    public let attempts: [Attempt]
    /// Every message, oldest first.
    public let messages: [Message]
}
