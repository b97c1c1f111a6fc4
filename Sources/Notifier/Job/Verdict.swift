/// What is to be done about a failure.
public struct Verdict: Sendable, Hashable {
    /// The kinds of things that can be done.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// The same again later.
        case retry
        /// Nobody knows whether the message arrived: read the conversation before anything else.
        case verify
        /// Credentials were refreshed once already and that did not help.
        case refresh
        /// The owner's choice: ask again slowly, no alarm.
        case `defer`
        /// Never for this change request.
        case drop
        /// An operator must help: the sender stops, the queue stays.
        case pause
        /// Not meant for anybody.
        case skip
    }

    /// What must be found out, or done, before the action.
    public enum FollowUp: Sendable, Hashable {
        /// Whose account is suspended: `getStatus` of our own tells.
        case checkOwnStatus
        /// Resolve the owner's DID anew, past the cache.
        case resolveAgain
        /// Ask the PDS whether the repository is active.
        case checkRepository
        /// Ask whether the way to the chat service is to blame, for it failed so with one recipient alone.
        case checkWay
        /// Take everything else for this owner out of the queue and never write again.
        case suppressOwner
    }

    /// How long the whole sender rests, whatever it would send next.
    public enum Hold: Sendable, Hashable {
        /// For as long as the PDS says: its rate limit.
        case pdsLimit
        /// Longer each time: the rate limit of the chat service, which says nothing.
        case chatLimit
        /// For so long.
        case time(Duration)
    }

    /// After so many occurrences in a row something else is done.
    public struct Escalation: Sendable, Hashable {
        /// Occurrences that are still met with the verdict's own action.
        public let after: Int
        /// What is done from then on.
        public let action: Action
        /// Whether occurrences count over all jobs of the sender, or for each job.
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
    /// What is done when it does not help.
    public var escalation: Escalation?
    /// How long the job, or the look-up, is left alone; nil for what its action and reason usually wait.
    public var wait: Duration?
    /// How long the sender rests; nil when others are told meanwhile.
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

    /// Whether the service has answered, and the answer is no.
    var isRefusal: Bool { action == .defer || action == .drop }

    /// Whether it is this job's alone: nothing is held against the way that all messages take.
    var isOfJobAlone: Bool { wait != nil || escalation?.isSenderWide == false || reason == .answerMisdirected }

    /// No ``wait`` is longer.
    static let longestWait = Duration.seconds(300)

    /// The verdict when the same has happened so often already.
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
