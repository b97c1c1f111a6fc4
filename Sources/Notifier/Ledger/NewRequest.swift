internal import ATProtocol
internal import Firehose
internal import Network

/// What the stream says about a change request, judged and ready to be stored.
struct NewRequest: Sendable {
    let event: StreamEvent
    let commit: StreamEvent.Commit
    let uri: ATURI
    let rule: String
    let record: JSONValue
    /// What it refers to; empty when the reference is not acceptable.
    let references: [ProjectReference]
    /// How many more projects it refers to than the rule allows.
    let leftOut: Int
    /// Why nobody is told of it; nil when somebody is, and then there is a reference.
    var refusal: Refusal?
    /// Whether the rule sends messages for this operation; if not, it only replaces what is queued.
    let startsJob: Bool
    /// Whether sending was off when it was seen.
    var isShadow = false

    /// The refusal for the references above the rule's limit; nil when there are none.
    var aboveLimit: Refusal? {
        leftOut == 0 ? nil : Refusal(.projectsAboveLimit, "it refers to \(leftOut) more than the rule takes")
    }
}

/// What a batch of the stream means for the ledger.
enum IntakeItem: Sendable {
    /// A change request was created or updated.
    case request(NewRequest)
    /// A change request was deleted.
    case deleted(StreamEvent, uri: ATURI)
    /// An account is no longer active; seen at this time, in microseconds since the Unix epoch.
    case authorInactive(DID, witnessed: Int64)
    /// An author writes faster than a human.
    case authorBurst(DID, Burst)
    /// A repository was replaced, and nothing says what is new in it.
    ///
    /// Seen at this time, in microseconds since the Unix epoch.
    case repositoryReplaced(DID, witnessed: Int64)
    /// A record by which somebody subscribes was written or deleted: a reason to read their repository.
    case subscription(ATURI, isDeleted: Bool)
    /// A record that may name a project's collaborators was written in this version, or deleted (nil).
    case collaboration(ATURI, cid: String?)
}

/// More requests at once than a human writes.
struct Burst: Sendable, Equatable {
    /// How many.
    var number: Int
    /// When the stream saw the last of them.
    var at: UnixTime
}

/// The result of a batch.
struct IntakeResult: Sendable {
    /// Requests that are new or judged anew, including refused ones.
    var added: [NewRequest] = []
    /// What was called off.
    var applied = Applied()
}

extension Outcome {
    /// A change request that is refused at once.
    init(of request: NewRequest, _ refusal: Refusal) {
        let (reason, detail) = (refusal.reason, refusal.detail)
        self.init(uri: request.uri, rule: request.rule, state: .dropped, reason: reason, detail: detail)
    }
}
