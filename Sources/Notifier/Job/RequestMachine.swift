/// What becomes of one change request, whoever its recipients are, as a synchronous machine.
///
/// A request in ``State/lookup`` has no job that waits: recipients are decided anew each time it is resolved. Jobs whose
/// message may have arrived stay what they are.
public struct RequestMachine: Sendable, Hashable {
    /// Where a request stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Its recipients, or its proof, are being found.
        case lookup
        /// Its recipients are known; their jobs say the rest.
        case resolved
        /// Nobody is told of it any more.
        case dropped
    }

    /// Something that happened.
    public enum Event: Sendable, Hashable {
        /// A newer version was written; `refusal` is what speaks against it by itself.
        case updated(refusal: Reason?, Change)
        /// It is called off: deleted, its author gone or blocked, an operator.
        case calledOff(Reason)
        /// Its recipients are known, and its record proven where that is asked for.
        case resolved
        /// It is not told of, by what was found.
        case refused(Reason)
        /// A look-up or a proof failed; `isGivenUp` when it was tried as long as allowed.
        case failed(Verdict, isGivenUp: Bool)
        /// What was found need not hold any more: look it up anew.
        case reopened(Reason?)
        /// It waited for an account as long as allowed.
        case waitExpired
        /// An operator wants it tried again.
        case retried
    }

    /// Something to be done in the same transaction.
    public enum Action: Sendable, Hashable {
        /// Take back the jobs of which no message was written: the next resolution decides anew.
        case takeBackJobs
        /// Call every unfinished job off.
        case callOffJobs(Reason)
    }

    /// Where it stands.
    public private(set) var state: State
    /// Why it stands there.
    public private(set) var reason: Reason?
    /// What its jobs have come to.
    public let jobs: Jobs

    /// How a version differs from the one before.
    public enum Change: Sendable, Hashable {
        /// Not at all: written anew as it was.
        case none
        /// Its words do.
        case content
        /// It is about another project.
        case reference
    }

    /// What the machine must know of the request's jobs.
    public enum Jobs: Sendable, Hashable {
        /// There is none, or none of which a message was delivered or may have been.
        case open
        /// Somebody was told, or may have been.
        case begun
        /// Everybody was told.
        case delivered
    }

    /// A machine in a given state.
    public init(state: State = .lookup, reason: Reason? = nil, jobs: Jobs = .open) {
        self.state = state
        self.reason = reason
        self.jobs = jobs
    }

    /// A request that was just seen; `refusal` is what speaks against it by itself.
    public init(seen refusal: Reason?) {
        self.init()
        if let refusal { _ = handle(.refused(refusal)) }
    }

    /// Takes note of an event.
    ///
    /// - Parameter event: one that means nothing in this state changes nothing.
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
            let isEnd = isGivenUp || verdict.action == .drop || verdict.action == .skip
            enter(isEnd ? .dropped : .lookup, verdict.reason)
            return []
        case .reopened(let cause):
            // A clock that was ahead may have dated since when a rule waits.
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

    /// Whether being called off for this says more than is known.
    private func callsOff(_ cause: Reason) -> Bool {
        switch state {
        case .lookup: true
        // What was told stays told.
        case .resolved: jobs != .delivered
        // An operator says no to newer versions, too.
        case .dropped: cause == .operatorDecision && reason != .operatorDecision
        }
    }

    /// Whether a newer version is judged anew.
    private func takes(_ change: Change) -> Bool {
        switch state {
        case .lookup: change != .none
        // Who was told is not told again, unless it is about another project now.
        case .resolved: change == .reference || change == .content && jobs != .delivered
        case .dropped:
            switch reason {
            // Whoever writes it, be it as it was, is there and wants it told.
            case let reason?:
                reason.yieldsToNewVersion || change == .reference && reason.isAboutReference
                    || change != .none && reason.isAboutRecord
            case nil: false
            }
        }
    }

    private mutating func enter(_ next: State, _ cause: Reason?) {
        state = next
        reason = cause
    }
}
