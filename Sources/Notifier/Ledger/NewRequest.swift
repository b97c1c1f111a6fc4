internal import ATProtocol
internal import Firehose
internal import Network

/// What the stream says about a change request, judged, ready to become a row.
struct NewRequest: Sendable {
    let event: StreamEvent
    let commit: StreamEvent.Commit
    let uri: ATURI
    let rule: String
    let record: JSONValue
    /// What it refers to; empty when that is not acceptable.
    let references: [ProjectReference]
    /// How many projects it refers to beside them, which are more than the rule takes.
    let leftOut: Int
    /// Why it is of no concern; nil when it is, and then there is a reference.
    var refusal: Refusal?
    /// Whether the event is one that the rule sends messages for; else it only replaces what is queued.
    let startsJob: Bool
    /// Whether sending is off while it is seen.
    var isShadow = false

    /// Why nobody is told of some that it refers to; nil when the rule takes all.
    var aboveLimit: Refusal? {
        leftOut == 0 ? nil : Refusal(.projectsAboveLimit, "it refers to \(leftOut) more than the rule takes")
    }
}

/// What a batch of the stream means for the ledger.
enum IntakeItem: Sendable {
    /// A change request was written, or written anew.
    case request(NewRequest)
    /// A change request was deleted.
    case deleted(StreamEvent, uri: ATURI)
    /// An account is no longer active; seen at this time, in microseconds since the Unix epoch.
    case authorInactive(DID, witnessed: Int64)
    /// An author writes faster than a person.
    case authorBurst(DID, Burst)
    /// A repository is another now, and nothing tells what is new in it; seen at this time, in microseconds since the Unix epoch.
    case repositoryReplaced(DID, witnessed: Int64)
    /// A record by which somebody asks to be told was written, or deleted: a reason to read their repository.
    case subscription(ATURI, isDeleted: Bool)
    /// A record that may say who works on a project was written in this version, or deleted (nil).
    case collaboration(ATURI, cid: String?)
}

extension IntakeItem {
    /// Whether somebody's wish to be told may be another now.
    var isSubscription: Bool {
        guard case .subscription = self else { return false }
        return true
    }
}

/// More requests at once than a person writes.
struct Burst: Sendable, Equatable {
    /// How many.
    var number: Int
    /// When the stream saw the last of them.
    var at: UnixTime
}

/// What became of a batch.
struct IntakeResult: Sendable {
    /// Requests that are new, or judged anew, those among them that are refused.
    var added: [NewRequest] = []
    /// What was called off.
    var applied = Applied()
    /// Events of requests that were known already.
    var duplicates = 0
}

extension Outcome {
    /// A change request that is refused at once.
    init(of request: NewRequest, _ refusal: Refusal) {
        self.init(
            uri: request.uri,
            owner: nil,
            rule: request.rule,
            state: .dropped,
            reason: refusal.reason,
            detail: refusal.detail,
            latency: .zero,
            nextIn: nil
        )
    }
}
