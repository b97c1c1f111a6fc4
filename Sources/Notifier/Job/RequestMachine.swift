/// The state machine of one change request, for all of its recipients.
///
/// A request in ``State/lookup`` has no waiting job: its recipients are decided anew each time it is resolved. Jobs
/// whose message may have arrived stay as they are. Synchronous, without I/O.
public struct RequestMachine: Sendable, Hashable {
    /// The state of a request.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Its recipients are being looked up, or its proof is being fetched.
        case lookup
        /// Its recipients are known; the states of their jobs say the rest.
        case resolved
        /// Nobody is told of it any more.
        case dropped
    }

    /// Something that happened.
    public enum Event: Sendable, Hashable {
        /// A newer version was written; `refusal` is a reason against it that lies in the record itself.
        case updated(refusal: Reason?, Change)
        /// It is called off: it was deleted, its author is gone or blocked, or an operator said so.
        case calledOff(Reason)
        /// Its recipients are known, and its record is proven if that is required.
        case resolved
        /// What was found forbids telling it.
        case refused(Reason)
        /// A look-up or a proof failed; `isGivenUp` when it was tried for as long as allowed.
        case failed(Verdict, isGivenUp: Bool)
        /// What was found may have changed: look it up anew.
        case reopened(Reason?)
        /// It has waited for an account as long as allowed.
        case waitExpired
        /// An operator wants it tried again.
        case retried
    }

    /// Something to do in the same transaction.
    public enum Action: Sendable, Hashable {
        /// Take back the jobs for which no message was stored; the next resolution decides anew.
        case takeBackJobs
        /// Call off every unfinished job.
        case callOffJobs(Reason)
    }

    public private(set) var state: State
    /// The reason for the state.
    public private(set) var reason: Reason?
    /// How far its jobs have come.
    public let jobs: Jobs

    /// How a version differs from the one before.
    public enum Change: Sendable, Hashable {
        /// Not at all: the same content was written again.
        case none
        /// In its content.
        case content
        /// In the project that it refers to.
        case reference
    }

    /// What the machine must know of the request's jobs.
    public enum Jobs: Sendable, Hashable {
        /// No job, or none whose message was or may have been delivered.
        case open
        /// Somebody was told, or may have been.
        case begun
        /// Everybody was told.
        case delivered
    }

    public init(state: State = .lookup, reason: Reason? = nil, jobs: Jobs = .open) {
        self.state = state
        self.reason = reason
        self.jobs = jobs
    }

    /// A request that was just seen; `refusal` is a reason against it that lies in the record itself.
    public init(seen refusal: Reason?) {
        self.init()
        if let refusal { _ = handle(.refused(refusal)) }
    }

    /// Handles an event.
    ///
    /// - Parameter event: an event that means nothing in this state changes nothing.
    /// - Returns: what to do with the jobs; nil when nothing changed.
    public mutating func handle(_ event: Event) -> [Action]? {
        switch event {
        case .updated(let refusal, let change):
            guard takes(change) else { return nil }
            enter(refusal == nil ? .lookup : .dropped, refusal)
            return [.takeBackJobs, .callOffJobs(.recordReplaced)]
        case .calledOff(let cause):
            guard callsOff(cause) else { return nil }
            enter(.dropped, cause)
            return [.callOffJobs(cause)]
        case .resolved:
            guard state == .lookup else { return nil }
            enter(.resolved, nil)
            return []
        case .refused(let cause):
            guard state == .lookup else { return nil }
            enter(.dropped, cause)
            return []
        case .failed(let verdict, let isGivenUp):
            guard state == .lookup else { return nil }
            let isEnd = isGivenUp || verdict.isFinal
            enter(isEnd ? .dropped : .lookup, verdict.reason)
            return []
        case .reopened(let cause):
            // Since when a rule follows a collection may have been dated by a clock that was ahead.
            guard state == .resolved || state == .dropped && reason == .recordBeforeRule else { return nil }
            enter(.lookup, cause)
            return [.takeBackJobs]
        case .waitExpired:
            guard state == .lookup else { return nil }
            enter(.dropped, .waitExpired)
            return []
        case .retried:
            enter(.lookup, state == .lookup ? nil : .operatorDecision)
            return [.takeBackJobs]
        }
    }

    /// Whether this cause says more than what is known.
    private func callsOff(_ cause: Reason) -> Bool {
        switch state {
        case .lookup: true
        // What was told stays told.
        case .resolved: jobs != .delivered
        // An operator's decision also covers newer versions.
        case .dropped: cause == .operatorDecision && reason != .operatorDecision
        }
    }

    /// Whether a newer version is judged anew.
    private func takes(_ change: Change) -> Bool {
        switch state {
        case .lookup: change != .none
        // Those who were told are not told again, unless the request now concerns another project.
        case .resolved: change == .reference || change == .content && jobs != .delivered
        case .dropped:
            switch reason {
            // An author who writes it again, even unchanged, is active and wants it told. Another project is another
            // matter, whatever became of this one.
            case let reason?:
                reason.yieldsToNewVersion || change != .none && (reason.isAboutRecord || reason.isOfSettings)
                    || change == .reference && reason != .operatorDecision
            case nil: false
            }
        }
    }

    private mutating func enter(_ next: State, _ cause: Reason?) {
        state = next
        reason = cause
    }
}
