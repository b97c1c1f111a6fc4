public import ATProtocol

/// One event of the network, independent of the wire protocol.
public struct StreamEvent: Sendable, Equatable {
    /// What happened.
    public enum Body: Sendable, Equatable {
        /// A record was created, updated or deleted.
        case commit(Commit)
        /// The account's handle or keys may have changed.
        case identity(handle: Handle?)
        /// The account's state at the host that emitted the event.
        case account(isActive: Bool, status: String?)
        /// The whole repository was replaced.
        case sync(rev: String)
    }

    /// One operation on one record.
    public struct Commit: Sendable, Equatable {
        /// What happened to the record.
        public enum Operation: String, Sendable, CaseIterable {
            case create
            case update
            case delete
        }

        /// What happened to the record.
        public var operation: Operation
        /// The collection of the record.
        public var collection: NSID
        /// The key of the record in its collection.
        public var recordKey: RecordKey
        /// The revision of the repository, a TID.
        public var rev: String
        /// The CID of the record; nil on delete.
        public var cid: String?
        /// The record; nil on delete.
        public var record: JSONValue?
        /// Whether the signature could not be checked for lack of a key; the author's PDS must then prove the record.
        public var awaitsProof = false

        public init(
            operation: Operation,
            collection: NSID,
            recordKey: RecordKey,
            rev: String,
            cid: String?,
            record: JSONValue?
        ) {
            self.operation = operation
            self.collection = collection
            self.recordKey = recordKey
            self.rev = rev
            self.cid = cid
            self.record = record
        }
    }

    /// The position in the stream.
    public var position: StreamPosition
    /// The account or repository that the event is about.
    public var did: DID
    /// What happened.
    public var body: Body

    public init(position: StreamPosition, did: DID, body: Body) {
        self.position = position
        self.did = did
        self.body = body
    }

    /// Marks a commit whose signature could not be checked.
    mutating func awaitProof() {
        guard case .commit(var commit) = body else { return }
        commit.awaitsProof = true
        body = .commit(commit)
    }

    /// The AT-URI of a commit's record; nil for other events.
    public var recordURI: ATURI? {
        guard case .commit(let commit) = body else { return nil }
        return ATURI(did, commit.collection, commit.recordKey)
    }
}

extension StreamEvent {
    /// Whether the event is about a record.
    var isCommit: Bool {
        if case .commit = body { true } else { false }
    }

    /// Whether the event must be handed over at once.
    ///
    /// That is so for commits, and for accounts that become inactive, because we must stop writing about them. Other
    /// identity and account events wait until the next position is handed over.
    var isUrgent: Bool {
        switch body {
        case .commit, .account(isActive: false, _): true
        default: false
        }
    }
}
