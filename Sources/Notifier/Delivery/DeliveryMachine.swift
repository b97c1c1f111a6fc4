/// One message on its way, as a synchronous machine: what is known about it, and what may be done next.
///
/// Guards invariant 3: ``Action/send`` is asked for only together with a state that must be on disk first, and after a
/// doubt only when the conversation was read and the message is not in it.
public struct DeliveryMachine: Sendable, Hashable {
    /// Something that happened.
    public enum Event: Sendable, Hashable {
        /// The conversation is open and its revision known.
        case conversationOpened
        /// `sendMessage` succeeded.
        case accepted
        /// The call under way failed in this phase.
        case failed(CallPhase, Verdict)
        /// The conversation was read back to the baseline.
        case scanned(isPresent: Bool)
        /// The process started anew with this row.
        case restarted
        /// The reason to send is gone: record deleted, owner suppressed, operator.
        case withdrawn(Reason)
        /// What the owner had to do may have been done.
        case ownerChanged
        /// It waited for the owner as long as allowed.
        case waitExpired
        /// An operator wants it tried again.
        case retried
    }

    /// Something to be done, after the state is on disk.
    public enum Action: Sendable, Hashable {
        /// Ask for the conversation when its turn comes.
        case openConversation
        /// Send now.
        case send
        /// Read the conversation after the settling time.
        case scan
        /// Read the conversation later: it could not be read.
        case scanLater
        /// Find owner and PDS anew.
        case lookUp
        /// Never write to this owner again.
        case suppressOwner
        /// Stop the sender: an operator must help.
        case pauseSender
    }

    /// Where it stands.
    public private(set) var state: JobState
    /// Why it stands there.
    public private(set) var reason: Reason?
    /// Sends whose message may have arrived, plus the one under way.
    public private(set) var sends: Int
    /// The most sends before a human must look.
    public private(set) var maximumSends: Int
    /// Why it must not be sent again, when that became known with a message in doubt.
    public private(set) var withdrawal: Reason?

    /// A machine in a given state.
    public init(
        state: JobState = .queued,
        reason: Reason? = nil,
        sends: Int = 0,
        maximumSends: Int = 2,
        withdrawal: Reason? = nil
    ) {
        self.state = state
        self.reason = reason
        self.sends = sends
        self.maximumSends = maximumSends
        self.withdrawal = withdrawal
    }

    /// Takes note of an event; an event that means nothing in this state changes nothing.
    ///
    /// - Returns: what to do once the new state is on disk.
    public mutating func handle(_ event: Event) -> [Action] {
        switch state {
        case .lookup, .queued: return handleWaiting(event)
        case .sending: return handleSending(event)
        case .verify: return handleVerify(event)
        case .deferred: return handleDeferred(event)
        case .uncertain, .dropped, .delivered: return handleFinal(event)
        }
    }

    private mutating func handleWaiting(_ event: Event) -> [Action] {
        switch event {
        case .conversationOpened:
            enter(.sending, nil)
            sends += 1
            return [.send]
        case .failed(_, let verdict): return giveBack(verdict)
        case .withdrawn(let cause):
            enter(.dropped, cause)
            return []
        case .waitExpired:
            enter(.dropped, .waitExpired)
            return []
        case .restarted, .ownerChanged, .retried: return state == .queued ? [.openConversation] : [.lookUp]
        case .accepted, .scanned: return []
        }
    }

    private mutating func handleSending(_ event: Event) -> [Action] {
        switch event {
        case .accepted:
            enter(.delivered, nil)
            return []
        case .restarted:
            enter(.verify, .outcomeUnknown)
            return [.scan]
        case .failed(_, let verdict) where verdict.action == .verify:
            enter(.verify, verdict.reason)
            return [.scan]
        case .failed(_, let verdict):
            // An answer that refuses proves that nothing was stored.
            sends -= 1
            if let withdrawal {
                enter(.dropped, withdrawal)
                return []
            }
            return giveBack(verdict)
        case .withdrawn(let cause):
            withdrawal = cause
            return []
        case .conversationOpened, .scanned, .ownerChanged, .waitExpired, .retried: return []
        }
    }

    private mutating func handleVerify(_ event: Event) -> [Action] {
        switch event {
        case .scanned(isPresent: true):
            enter(.delivered, nil)
            return []
        case .scanned(isPresent: false):
            if let withdrawal {
                enter(.dropped, withdrawal)
                return []
            }
            guard sends < maximumSends else {
                enter(.uncertain, .sendsExhausted)
                return []
            }
            enter(.sending, nil)
            sends += 1
            return [.send]
        case .failed(_, let verdict):
            switch verdict.action {
            case .drop, .skip:
                enter(.uncertain, .conversationUnreadable)
                return verdict.followUp == .suppressOwner ? [.suppressOwner] : []
            case .pause: return [.pauseSender]
            case .retry, .verify, .refresh, .defer: return [.scanLater]
            }
        case .withdrawn(let cause):
            withdrawal = cause
            return []
        case .restarted: return [.scan]
        case .conversationOpened, .accepted, .ownerChanged, .waitExpired, .retried: return []
        }
    }

    private mutating func handleDeferred(_ event: Event) -> [Action] {
        switch event {
        case .ownerChanged, .retried:
            enter(.queued, nil)
            return [.openConversation]
        case .waitExpired:
            enter(.dropped, .waitExpired)
            return []
        case .withdrawn(let cause):
            enter(.dropped, cause)
            return []
        case .conversationOpened, .accepted, .failed, .scanned, .restarted: return []
        }
    }

    private mutating func handleFinal(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.uncertain, .retried):
            maximumSends += 1
            withdrawal = nil
            enter(.verify, .operatorDecision)
            return [.scan]
        case (.uncertain, .withdrawn(let cause)):
            enter(.dropped, cause)
            return []
        case (.dropped, .retried):
            enter(.lookup, .operatorDecision)
            withdrawal = nil
            return [.lookUp]
        default: return []
        }
    }

    /// Nothing was sent: back to the queue, to the owner, or out.
    private mutating func giveBack(_ verdict: Verdict) -> [Action] {
        switch verdict.action {
        case .retry, .refresh, .verify:
            if verdict.followUp == .resolveAgain {
                enter(.lookup, verdict.reason)
                return [.lookUp]
            }
            enter(.queued, verdict.reason)
            return [.openConversation]
        case .pause:
            enter(.queued, verdict.reason)
            return [.pauseSender]
        case .defer:
            enter(.deferred, verdict.reason)
            return []
        case .drop, .skip:
            enter(.dropped, verdict.reason)
            return verdict.followUp == .suppressOwner ? [.suppressOwner] : []
        }
    }

    private mutating func enter(_ next: JobState, _ cause: Reason?) {
        state = next
        reason = cause
    }
}
