/// What becomes of one change request for one recipient, as a synchronous machine.
///
/// From ``JobState/sending`` to its end a job stands where its message stands: ``MessageMachine`` decides, and this machine
/// takes over what it decided.
public struct JobMachine: Sendable, Hashable {
    /// Something that happened.
    public enum Event: Sendable, Hashable {
        /// What speaks for or against telling this recipient, by the settings of this moment.
        case admitted(Admission)
        /// A limit lets it wait.
        case postponed(Reason)
        /// What it waits for may have come to pass.
        case wakened
        /// It is called off.
        case calledOff(Reason)
        /// Opening the conversation, or sending its message, failed with nothing stored.
        case failed(Verdict)
        /// Its recipient was told already: their conversation holds a message of it.
        case told
        /// Nobody can say whether its recipient was told already.
        case possiblyTold
        /// Its message was written down, and stands so.
        case message(MessageMachine.State, Reason?)
        /// Its message is proven not to have arrived, and is not sent again as it was.
        case disproved
        /// Its recipient is being mentioned in public.
        case mentionBegun
        /// The post is there.
        case posted
        /// The post failed.
        case postFailed(PostOutcome)
        /// It waited for its recipient, or for its turn, as long as allowed.
        case waitExpired
        /// An operator wants it tried again.
        case retried
    }

    /// What a failed try says about a public post.
    public enum PostOutcome: Sendable, Hashable {
        /// This try did not make it.
        case refused
        /// This try may have made it.
        case unknown
        /// No try can have made it.
        case impossible
    }

    /// Something to be done in the same transaction, or behind it.
    public enum Action: Sendable, Hashable {
        /// Look the request up anew; this job goes back into it.
        case reopenRequest(Reason?)
        /// The same, for an operator wants it, whatever became of the request.
        case retryRequest
        /// The same, while this job stays until its doubt is settled.
        case reviveRequest
        /// Read the conversation of its message first.
        case retryMessage
        /// Never write to this recipient again.
        case suppressRecipient(Reason)
    }

    /// Where it stands.
    public private(set) var state: JobState
    /// Why it stands there.
    public private(set) var reason: Reason?
    /// Why it must not be sent any more, when that became known with a message, or a post, in doubt.
    public private(set) var withdrawal: Reason?
    /// Whether a message of it may have arrived.
    public private(set) var isInDoubt: Bool

    /// A machine in a given state; without one it is a job that is still to be judged.
    public init(state: JobState = .queued, reason: Reason? = nil, withdrawal: Reason? = nil, isInDoubt: Bool = false) {
        self.state = state
        self.reason = reason
        self.withdrawal = withdrawal
        self.isInDoubt = isInDoubt
    }
}

extension JobMachine {
    /// Takes note of an event.
    ///
    /// - Parameter event: one that means nothing in this state changes nothing.
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
        // What waited long is looked up anew before anybody is told: owner, project and record may be others by now.
        case .wakened: return state == .deferred ? [.reopenRequest(nil)] : enter(.queued, nil)
        case .admitted(.waits(let cause)):
            // What the chat service said of the same says more.
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

    // A post goes back to its wait only while it surely is not there: it keeps the reason for which it was deferred.
    private mutating func handlePosting(_ event: Event) -> [Action]? {
        switch event {
        case .mentionBegun: return dropPost()
        case .posted:
            isInDoubt = false
            return enter(.delivered, .mentionPosted)
        case .postFailed(let outcome):
            if outcome != .refused { isInDoubt = outcome == .unknown }
            // Of a post that may be there it is found out first whether it speaks of the newest version, too.
            if isInDoubt, withdrawal == nil || withdrawal == .recordReplaced { return [] }
            return dropPost() ?? enter(.deferred, reason)
        case .calledOff(let cause):
            return withdraw(cause) ? [] : nil
        case .retried:
            guard withdrawal != nil else { return nil }
            return revive([])
        case .admitted(let admission):
            // The newest version is about the same recipient, and none of the author's words are in a post.
            guard withdrawal == .recordReplaced else { return nil }
            if case .refused(let cause) = admission { withdrawal = cause } else { withdrawal = nil }
            return []
        case .postponed, .wakened, .failed, .told, .possiblyTold, .message, .disproved, .waitExpired: return nil
        }
    }

    // A doubt about a post hinders nothing: to make it again makes no second one.
    private mutating func dropPost() -> [Action]? { withdrawal == nil ? nil : settleDoubt() }

    private mutating func handleUncertain(_ event: Event) -> [Action]? {
        guard isInDoubt else { return handlePossiblyTold(event) }
        switch event {
        case .message(let next, let cause): return follow(next, cause)
        case .retried: return revive([.retryMessage])
        case .calledOff(let cause):
            guard withdraw(cause) else { return nil }
            // The withdrawal stays with it: a retry of another request of the same message must not bring it back.
            return cause == .operatorDecision ? enter(.dropped, .operatorDecision) : []
        default: return nil
        }
    }

    // No message of this ledger's is in doubt: the conversation is read again before anything is sent.
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

    /// Takes note of why it must not be sent as it is; whether that is more than was known.
    private mutating func withdraw(_ cause: Reason) -> Bool {
        guard cause != .recordReplaced || withdrawal?.yieldsToNewVersion != false else { return false }
        withdrawal = cause
        return true
    }

    /// An operator wants it told: as the record stands now, when what was written is not there.
    private mutating func revive(_ actions: [Action]) -> [Action] {
        withdrawal = .recordReplaced
        return actions + [.reviveRequest]
    }

    /// Takes over where the message stands.
    private mutating func follow(_ next: MessageMachine.State, _ cause: Reason?) -> [Action] {
        isInDoubt = next != .delivered && next != .dropped
        return enter(next.jobState, next == .dropped ? withdrawal ?? cause : cause)
    }

    /// What became known while its message was in doubt, now that it surely did not arrive; nil when nothing did.
    private mutating func settleDoubt() -> [Action]? {
        isInDoubt = false
        guard let withdrawal else { return nil }
        return withdrawal == .recordReplaced ? [.reopenRequest(.recordReplaced)] : enter(.dropped, withdrawal)
    }

    /// Nothing was sent: back to the queue, to the recipient, or out.
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
        // A withdrawal is of what may have arrived already, or of a post under way: what is judged anew begins without one.
        if !isInDoubt, next != .posting { withdrawal = nil }
        return []
    }
}
