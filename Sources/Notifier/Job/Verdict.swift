/// What is to be done about a failure.
public struct Verdict: Sendable, Hashable {
    /// The kinds of things that can be done.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// Try the same again later.
        case retry
        /// The message may have arrived: read the conversation before anything else.
        case verify
        /// The session was refreshed once, and that did not help.
        case refresh
        /// The owner decides: ask again after long intervals, without alarm.
        case `defer`
        /// Never tell this request to this recipient.
        case drop
        /// An operator must help: the sender stops, the queue stays.
        case pause
        /// The request concerns nobody.
        case skip
    }

    /// What must be found out or done before the action.
    public enum FollowUp: Sendable, Hashable {
        /// Ask `getStatus` whether the suspended account is our own.
        case checkOwnStatus
        /// Resolve the owner's DID again, without the cache.
        case resolveAgain
        /// Ask the PDS whether the repository is active.
        case checkRepository
        /// It failed with one recipient alone: ask whether the chat service can be reached at all.
        case checkWay
        /// Remove everything else for this owner from the queue, and never write to them again.
        case suppressOwner
    }

    /// How long the whole sender rests, whatever is next.
    public enum Hold: Sendable, Hashable {
        /// As long as the PDS says: its rate limit.
        case pdsLimit
        /// Longer each time: the chat service's rate limit, which names no time.
        case chatLimit
        /// This long.
        case time(Duration)
    }

    /// What to do instead after so many occurrences in a row.
    public struct Escalation: Sendable, Hashable {
        /// The occurrences to which the verdict's own action still applies.
        public let after: Int
        /// The action after that.
        public let action: Action
        /// Whether occurrences are counted across all jobs of the sender, or for each job.
        public let isSenderWide: Bool
    }

    /// The row of the table in docs/delivery.md.
    public let row: Int
    /// What is to be done.
    public let action: Action
    /// Why, as a stable code.
    public let reason: Reason
    /// What comes before the action.
    public var followUp: FollowUp?
    /// What to do when the action does not help.
    public var escalation: Escalation?
    /// The wait of the job or look-up; nil for the usual wait of its action and reason.
    public var wait: Duration?
    /// How long the sender rests; nil when it goes on with others.
    public var hold: Hold?

    init(
        _ row: Int,
        _ action: Action,
        _ reason: Reason,
        _ followUp: FollowUp? = nil,
        escalation: Escalation? = nil,
        wait: Duration? = nil,
        hold: Hold? = nil
    ) {
        self.row = row
        self.action = action
        self.reason = reason
        self.followUp = followUp
        self.escalation = escalation
        self.wait = wait
        self.hold = hold
    }

    /// Whether it is not tried again.
    var isFinal: Bool { action == .drop || action == .skip }
    /// Whether the service has answered with a refusal.
    var isRefusal: Bool { action == .defer || action == .drop }

    /// Whether it concerns this job alone, so that it does not count as a failure of the service.
    var isOfJobAlone: Bool { wait != nil || escalation?.isSenderWide == false || reason == .answerMisdirected }

    /// The longest ``wait`` of any verdict.
    static let longestWait = Duration.seconds(300)

    /// The verdict after so many earlier occurrences of the same failure.
    func escalated(occurrences: Int) -> Verdict {
        guard let escalation, occurrences > escalation.after else { return self }
        return Verdict(row, escalation.action, reason)
    }
}

extension Verdict.Escalation {
    static func sender(after: Int, _ action: Verdict.Action) -> Self {
        Self(after: after, action: action, isSenderWide: true)
    }

    static func job(after: Int, _ action: Verdict.Action) -> Self {
        Self(after: after, action: action, isSenderWide: false)
    }
}
