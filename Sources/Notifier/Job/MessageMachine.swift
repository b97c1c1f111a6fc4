/// One message on its way, as a synchronous machine: what is known about it, and what may be done next.
///
/// Guards invariant 3: ``Action/send`` is asked for only together with a state that must be on disk first, and after a
/// doubt only when the conversation was read and the message is not in it.
///
/// An answer to what somebody wrote speaks of no job: it waits for its turn itself, and when nothing of it was stored, it waits
/// again.
public struct MessageMachine: Sendable, Hashable {
    /// Where a message stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It is an answer whose turn has not come.
        case queued
        /// It was written down and may be under way.
        case sending
        /// It may have arrived; the conversation is read before anything else.
        case verify
        /// It is in the conversation.
        case delivered
        /// It may have arrived, and only a human can find out.
        case uncertain
        /// It is not in the conversation and is not sent any more.
        case dropped
    }

    /// Something that happened.
    public enum Event: Sendable, Hashable {
        /// The conversation of an answer was read, and it is not there.
        case opened
        /// An answer is not to be sent any more.
        case refused(Reason)
        /// The service took it.
        case accepted
        /// The call under way failed: the sending, or the reading of the conversation.
        case failed(Verdict)
        /// The conversation was read back to the baseline, and it is there.
        case found
        /// The conversation was read back to the baseline, and it is not there.
        case absent(Members)
        /// The same, before the pace allows to send it again.
        case absentEarly
        /// The process started anew with this row.
        case restarted
        /// An operator wants it looked for again.
        case retried
    }

    /// What the requests that a message speaks of have come to.
    public enum Members: Sendable, Hashable {
        /// All stand as the message says.
        case unchanged
        /// Some, or all, were called off or replaced: what is written must not be sent.
        case changed
    }

    /// Something to be done, after the state is on disk.
    public enum Action: Sendable, Hashable {
        /// Send it now.
        case send
        /// Its jobs go their own ways, for it failed so.
        case release(Verdict)
        /// Its jobs go their own ways: it is not there, and is not sent as it was.
        case disband
        /// Never write to its recipient again.
        case suppressRecipient(Reason)
    }

    /// Where it stands.
    public private(set) var state: State
    /// Why it stands there.
    public private(set) var reason: Reason?
    /// Sends whose message may have arrived, plus the one under way.
    public private(set) var sends: Int
    /// The most sends before a human must look.
    public private(set) var maximumSends: Int
    private let isAnswer: Bool

    /// A message that is written down to be sent now, for the first time or after sends that were disproved.
    ///
    /// - Parameters:
    ///   - earlierSends: sends of its jobs that may have happened before.
    ///   - maximumSends: sends after which a human must look.
    public init(earlierSends: Int, maximumSends: Int) {
        self.init(state: .sending, sends: earlierSends + 1, maximumSends: maximumSends)
    }

    /// A message in a given state.
    public init(state: State, reason: Reason? = nil, sends: Int, maximumSends: Int, isAnswer: Bool = false) {
        self.isAnswer = isAnswer
        self.state = state
        self.reason = reason
        self.sends = sends
        self.maximumSends = maximumSends
    }

    /// Takes note of an event.
    ///
    /// - Parameter event: one that means nothing in this state changes nothing.
    /// - Returns: what to do once the new state is on disk; nil when nothing changed.
    public mutating func handle(_ event: Event) -> [Action]? {
        switch (state, event) {
        case (.queued, .opened):
            sends += 1
            return enter(.sending, nil, [.send])
        case (.queued, .refused(let cause)): return enter(.dropped, cause)
        case (.queued, .failed(let verdict)): return giveBack(verdict)
        case (.sending, .accepted), (.queued, .found), (.verify, .found): return enter(.delivered, nil)
        case (.sending, .restarted): return enter(.verify, .outcomeUnknown)
        case (.sending, .failed(let verdict)):
            guard verdict.action != .verify else { return enter(.verify, verdict.reason) }
            // An answer that refuses proves that nothing was stored.
            sends -= 1
            return isAnswer ? giveBack(verdict) : enter(.dropped, verdict.reason, [.release(verdict)])
        case (.verify, .absent(.changed)): return enter(.dropped, .recordReplaced, [.disband])
        case (.verify, .absent(.unchanged)):
            guard sends < maximumSends else { return enter(.uncertain, .sendsExhausted) }
            sends += 1
            return enter(.sending, nil, [.send])
        case (.verify, .failed(let verdict)):
            switch verdict.action {
            case .drop, .skip:
                let isEnd = verdict.followUp == .suppressOwner
                return enter(.uncertain, .conversationUnreadable, isEnd ? [.suppressRecipient(verdict.reason)] : [])
            // It is read again, and stands where it stood.
            case .retry, .verify, .refresh, .defer, .pause: return []
            }
        case (.verify, .absentEarly): return []
        case (.uncertain, .retried):
            maximumSends += 1
            return enter(.verify, .operatorDecision)
        default: return nil
        }
    }

    /// Nothing of an answer was stored: it is tried again, unless its recipient takes none.
    private mutating func giveBack(_ verdict: Verdict) -> [Action] {
        switch verdict.action {
        case .retry, .verify, .refresh, .pause: return enter(.queued, verdict.reason)
        case .defer, .drop, .skip:
            let isEnd = verdict.followUp == .suppressOwner
            return enter(.dropped, verdict.reason, isEnd ? [.suppressRecipient(verdict.reason)] : [])
        }
    }

    private mutating func enter(_ next: State, _ cause: Reason?, _ actions: [Action] = []) -> [Action] {
        state = next
        reason = cause
        return actions
    }
}

extension MessageMachine.State {
    /// Where the jobs of a message in this state stand.
    public var jobState: JobState {
        switch self {
        case .queued: .queued
        case .sending: .sending
        case .verify: .verify
        case .delivered: .delivered
        case .uncertain: .uncertain
        case .dropped: .dropped
        }
    }
}
