/// The state machine of a job, which is one change request for one recipient.
///
/// From ``JobState/sending`` to its end a job follows its message: ``MessageMachine`` decides, and this machine takes
/// the decision over. Synchronous, without I/O.
public struct JobMachine: Sendable, Hashable {
    /// Something that happened.
    public enum Event: Sendable, Hashable {
        /// The present settings were asked whether to tell this recipient.
        case admitted(Admission)
        /// A limit delays it.
        case postponed(Reason)
        /// The thing that it waits for may have happened.
        case wakened
        case calledOff(Reason)
        /// The conversation could not be opened, or the message not be sent; certainly nothing was stored.
        case failed(Verdict)
        /// The recipient was told before: their conversation holds a message about it.
        case told
        /// It cannot be found out whether the recipient was told before.
        case possiblyTold
        /// Its message was stored, or has changed its state.
        case message(MessageMachine.State, Reason?)
        /// Its message provably did not arrive, and is not sent again in the same form.
        case disproved
        /// A public post that mentions the recipient is being made.
        case mentionBegun
        /// The post exists.
        case posted
        case postFailed(PostOutcome)
        /// It has waited for its recipient, or for its turn, as long as allowed.
        case waitExpired
        /// An operator wants it tried again.
        case retried
    }

    /// What a failed attempt says about a public post.
    public enum PostOutcome: Sendable, Hashable {
        /// This attempt did not create it.
        case refused
        /// This attempt may have created it.
        case unknown
        /// No attempt can have created it.
        case impossible
    }

    /// Something to do in the same transaction, or after it.
    public enum Action: Sendable, Hashable {
        /// Look the request up anew; this job becomes part of it again.
        case reopenRequest(Reason?)
        /// The same for an operator, whatever the state of the request.
        case retryRequest
        /// The same, but this job stays until its doubt is settled.
        case reviveRequest
        /// First read the conversation of its message.
        case retryMessage
        /// Never write to this recipient again.
        case suppressRecipient(Reason)
    }

    public private(set) var state: JobState
    /// The reason for the state.
    public private(set) var reason: Reason?
    /// Why it must not be sent any more; set when this became known while a message or post was in doubt.
    public private(set) var withdrawal: Reason?
    /// Whether a message about it may have arrived.
    public private(set) var isInDoubt: Bool

    /// A machine in a given state; by default a job that must still be judged.
    public init(state: JobState = .queued, reason: Reason? = nil, withdrawal: Reason? = nil, isInDoubt: Bool = false) {
        self.state = state
        self.reason = reason
        self.withdrawal = withdrawal
        self.isInDoubt = isInDoubt
    }
}

extension JobMachine {
    /// Handles an event.
    ///
    /// - Parameter event: an event that means nothing in this state changes nothing.
    /// - Returns: what to do; nil when nothing changed.
    public mutating func handle(_ event: Event) -> [Action]? {
        switch state {
        case .queued, .deferred: handleWaiting(event)
        case .sending, .verify: handleUnderWay(event)
        case .posting: handlePosting(event)
        case .uncertain: handleUncertain(event)
        case .dropped: handleDropped(event)
        case .lookup, .delivered: nil
        }
    }

    private mutating func handleWaiting(_ event: Event) -> [Action]? {
        switch event {
        case .admitted(.told): return state == .deferred && reason?.isOfPolicy == true ? [.reopenRequest(nil)] : nil
        // After a long wait, owner, project and record may have changed, so they are looked up again first.
        case .wakened: return state == .deferred ? [.reopenRequest(nil)] : enter(.queued, nil)
        case .admitted(.waits(let cause)):
            // The chat service's own reason says more than this one.
            guard state == .queued || reason == .relationshipUnknown && cause != reason || reason?.waits != cause.waits
            else { return nil }
            return enter(.deferred, cause)
        case .admitted(.refused(let cause)), .calledOff(let cause): return enter(.dropped, cause)
        case .postponed(let cause): return state == .queued ? enter(.queued, cause) : nil
        case .failed(let verdict): return giveBack(verdict)
        case .told: return enter(.delivered, .alreadyTold)
        case .possiblyTold: return state == .queued ? enter(.uncertain, .possiblyTold) : nil
        case .message(let next, let cause):
            guard state == .queued else { return nil }
            return follow(next, cause)
        case .mentionBegun: return state == .deferred ? enter(.posting, reason) : nil
        case .waitExpired: return enter(.dropped, state == .deferred ? .waitExpired : .queueExpired)
        case .retried: return state == .queued ? enter(.queued, nil) : [.retryRequest]
        case .disproved, .posted, .postFailed: return nil
        }
    }

    private mutating func handleUnderWay(_ event: Event) -> [Action]? {
        switch event {
        case .message(let next, let cause): return follow(next, cause)
        case .calledOff(let cause): return withdraw(cause) ? [] : nil
        case .failed(let verdict):
            guard let actions = settleDoubt() else { return giveBack(verdict) }
            return verdict.followUp == .suppressOwner ? actions + [.suppressRecipient(verdict.reason)] : actions
        case .told:
            isInDoubt = false
            return enter(.delivered, .alreadyTold)
        case .disproved: return settleDoubt() ?? enter(.queued, .waiting)
        case .retried:
            guard withdrawal != nil else { return nil }
            return revive([])
        case .admitted, .postponed, .wakened, .possiblyTold, .mentionBegun, .posted, .postFailed, .waitExpired:
            return nil
        }
    }

    // A post goes back to waiting only while it certainly does not exist; it keeps the reason for which it was
    // deferred.
    private mutating func handlePosting(_ event: Event) -> [Action]? {
        switch event {
        case .mentionBegun: return dropPost()
        case .posted:
            isInDoubt = false
            return enter(.delivered, .mentionPosted)
        case .postFailed(let outcome):
            if outcome != .refused { isInDoubt = outcome == .unknown }
            // A post that may exist is first settled, also when it shows an outdated version.
            if isInDoubt, withdrawal == nil || withdrawal == .recordReplaced { return [] }
            return dropPost() ?? enter(.deferred, reason)
        case .calledOff(let cause):
            return withdraw(cause) ? [] : nil
        case .retried:
            guard withdrawal != nil else { return nil }
            return revive([])
        case .admitted(let admission):
            // The newest version concerns the same recipient, and a post contains none of the author's words.
            guard withdrawal == .recordReplaced else { return nil }
            if case .refused(let cause) = admission { withdrawal = cause } else { withdrawal = nil }
            return []
        case .postponed, .wakened, .failed, .told, .possiblyTold, .message, .disproved, .waitExpired: return nil
        }
    }

    // A doubt about a post blocks nothing, because making it again creates no second post.
    private mutating func dropPost() -> [Action]? { withdrawal == nil ? nil : settleDoubt() }

    private mutating func handleUncertain(_ event: Event) -> [Action]? {
        guard isInDoubt else { return handlePossiblyTold(event) }
        switch event {
        case .message(let next, let cause): return follow(next, cause)
        case .retried: return revive([.retryMessage])
        case .calledOff(let cause):
            guard withdraw(cause) else { return nil }
            // The withdrawal stays: a retry of another request in the same message must not bring this one back.
            return cause == .operatorDecision ? enter(.dropped, .operatorDecision) : []
        default: return nil
        }
    }

    // No message of this ledger is in doubt; the conversation is read again before anything is sent.
    private mutating func handlePossiblyTold(_ event: Event) -> [Action]? {
        switch event {
        case .retried: [.retryRequest]
        case .calledOff(let cause): enter(.dropped, cause)
        default: nil
        }
    }

    private mutating func handleDropped(_ event: Event) -> [Action]? {
        switch event {
        case .retried:
            return isInDoubt ? revive([.retryMessage]) : [.retryRequest]
        case .message(let next, let cause):
            guard isInDoubt, next == .delivered || withdrawal == .recordReplaced else { return nil }
            return follow(next, cause)
        case .disproved, .failed:
            guard isInDoubt else { return nil }
            isInDoubt = false
            return []
        case .admitted(let admission):
            guard !isInDoubt, reason?.isJudgedAnew == true else { return nil }
            switch admission {
            case .told: return enter(.queued, nil)
            case .waits(let cause): return enter(.deferred, cause)
            case .refused(let cause): return cause == reason ? nil : enter(.dropped, cause)
            }
        default: return nil
        }
    }

    /// Notes why it must not be sent in this form; returns false when a stronger cause is known.
    private mutating func withdraw(_ cause: Reason) -> Bool {
        guard cause != .recordReplaced || withdrawal?.yieldsToNewVersion != false else { return false }
        withdrawal = cause
        return true
    }

    /// An operator wants it sent: as the record is now, if the written message did not arrive.
    private mutating func revive(_ actions: [Action]) -> [Action] {
        withdrawal = .recordReplaced
        return actions + [.reviveRequest]
    }

    /// Takes over the state of the message.
    private mutating func follow(_ next: MessageMachine.State, _ cause: Reason?) -> [Action] {
        isInDoubt = next != .delivered && next != .dropped
        return enter(next.jobState, next == .dropped ? withdrawal ?? cause : cause)
    }

    /// Applies what became known while its message was in doubt, now that it certainly did not arrive; nil for nothing.
    private mutating func settleDoubt() -> [Action]? {
        isInDoubt = false
        guard let withdrawal else { return nil }
        return withdrawal == .recordReplaced ? [.reopenRequest(.recordReplaced)] : enter(.dropped, withdrawal)
    }

    /// Nothing was sent: back to the queue, to waiting for the recipient, or dropped.
    private mutating func giveBack(_ verdict: Verdict) -> [Action] {
        switch verdict.action {
        case .retry, .refresh, .verify:
            if verdict.followUp == .resolveAgain { return [.reopenRequest(verdict.reason)] }
            return enter(.queued, verdict.reason)
        case .pause: return enter(.queued, verdict.reason)
        case .defer: return enter(.deferred, verdict.reason)
        case .drop, .skip:
            let actions = enter(.dropped, verdict.reason)
            return verdict.followUp == .suppressOwner ? [.suppressRecipient(verdict.reason)] : actions
        }
    }

    private mutating func enter(_ next: JobState, _ cause: Reason?) -> [Action] {
        state = next
        reason = cause
        // A withdrawal concerns a message or post that may exist; a job that is judged anew begins without one.
        if !isInDoubt, next != .posting { withdrawal = nil }
        return []
    }
}
