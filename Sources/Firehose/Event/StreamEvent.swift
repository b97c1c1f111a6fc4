public import ATProtocol

/// One event of the network, the same whatever wire it came by.
public struct StreamEvent: Sendable, Equatable {
    /// What happened.
    public enum Body: Sendable, Equatable {
        /// A record was created, updated or deleted.
        case commit(Commit)
        /// The account's handle or keys may have changed.
        case identity(handle: Handle?)
        /// The account's state at the emitting host.
        case account(isActive: Bool, status: String?)
        /// The repository was replaced as a whole.
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
        /// Its collection.
        public var collection: NSID
        /// Its key.
        public var recordKey: RecordKey
        /// The repository's revision, a TID.
        public var rev: String
        /// Content identifier of the record; nil on delete.
        public var cid: String?
        /// The record; nil on delete.
        public var record: JSONValue?
        /// Whether its signature could not be compared with the account's key: the author's PDS has to prove the record.
        public var awaitsProof = false

        /// A commit with these parts.
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

    /// Where in the stream it stood.
    public var position: StreamPosition
    /// Whose repository or account.
    public var did: DID
    /// What happened.
    public var body: Body

    /// An event with these parts.
    public init(position: StreamPosition, did: DID, body: Body) {
        self.position = position
        self.did = did
        self.body = body
    }

    /// Notes of a commit that its signature could not be compared.
    mutating func awaitProof() {
        guard case .commit(var commit) = body else { return }
        commit.awaitsProof = true
        body = .commit(commit)
    }

    /// The record that a commit speaks of; nil for other events.
    public var recordURI: ATURI? {
        guard case .commit(let commit) = body else { return nil }
        return ATURI(did, commit.collection, commit.recordKey)
    }
}

extension StreamEvent {
    /// Whether it is about a record.
    var isCommit: Bool {
        if case .commit = body { true } else { false }
    }

    /// Whether it is to be handed over at once.
    ///
    /// Who is gone or taken down is spoken of no more; other events of identities and accounts are no reason to wake anybody:
    /// they wait for the position's turn.
    var isUrgent: Bool {
        switch body {
        case .commit, .account(isActive: false, _): true
        default: false
        }
    }
}
