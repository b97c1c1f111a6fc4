/// The state machine of one message: what is known about it, and what may be done next.
///
/// It guards invariant 3: it asks for ``Action/send`` only together with a state that must be stored first, and after a
/// doubt only when the conversation was read and the message is not in it.
///
/// An answer to what somebody wrote belongs to no job. It waits for its turn itself, and waits again if it was
/// certainly not stored. Synchronous, without I/O.
public struct MessageMachine: Sendable, Hashable {
    /// The state of a message.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It is an answer whose turn has not come.
        case queued
        /// It was stored and may be on its way.
        case sending
        /// It may have arrived; the conversation is read before anything else.
        case verify
        /// It is in the conversation.
        case delivered
        /// It may have arrived; this needs a decision.
        case uncertain
        /// It is not in the conversation, and is not sent any more.
        case dropped
    }

    /// Something that happened.
    public enum Event: Sendable, Hashable {
        /// The conversation of an answer was read, and the answer is not there.
        case opened
        /// An answer must not be sent any more.
        case refused(Reason)
        /// The service accepted it.
        case accepted
        /// The present call failed: sending it, or reading the conversation.
        case failed(Verdict)
        /// The conversation was read back to the baseline, and the message is there.
        case found
        /// The conversation was read back to the baseline, and the message is not there.
        ///
        /// When some or all of its requests were called off or replaced, it must not be sent as it is.
        case absent(isChanged: Bool)
        /// The message is not there, but the pace does not allow to send it again yet.
        case absentEarly
        /// The process was started again with this row.
        case restarted
        /// An operator wants it looked for again.
        case retried
    }

    /// Something to do after the state is stored.
    public enum Action: Sendable, Hashable {
        /// Send it now.
        case send
        /// Its jobs go on by themselves, because it failed with this verdict.
        case release(Verdict)
        /// Its jobs go on by themselves: it did not arrive, and is not sent as it is.
        case disband
        /// Never write to its recipient again.
        case suppressRecipient(Reason)
    }

    public private(set) var state: State
    /// The reason for the state.
    public private(set) var reason: Reason?
    /// How often it was sent and may have arrived, the present send included.
    public private(set) var sends: Int
    /// The most sends; after them it needs a decision.
    public private(set) var maximumSends: Int
    private let isAnswer: Bool

    /// A message that is stored to be sent now, for the first time or after sends that provably did not arrive.
    ///
    /// - Parameters:
    ///   - earlierSends: earlier sends of its jobs that may have happened.
    ///   - maximumSends: after so many sends it needs a decision.
    public init(earlierSends: Int, maximumSends: Int) {
        self.init(state: .sending, sends: earlierSends + 1, maximumSends: maximumSends)
    }

    public init(state: State, reason: Reason? = nil, sends: Int, maximumSends: Int, isAnswer: Bool = false) {
        self.isAnswer = isAnswer
        self.state = state
        self.reason = reason
        self.sends = sends
        self.maximumSends = maximumSends
    }

    /// Handles an event.
    ///
    /// - Parameter event: an event that means nothing in this state changes nothing.
    /// - Returns: what to do once the new state is stored; nil when nothing changed.
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
            // A refusal proves that nothing was stored.
            sends -= 1
            return isAnswer ? giveBack(verdict) : enter(.dropped, verdict.reason, [.release(verdict)])
        case (.verify, .absent(isChanged: true)): return enter(.dropped, .recordReplaced, [.disband])
        case (.verify, .absent(isChanged: false)):
            guard sends < maximumSends else { return enter(.uncertain, .sendsExhausted) }
            sends += 1
            return enter(.sending, nil, [.send])
        case (.verify, .failed(let verdict)):
            switch verdict.action {
            case .drop, .skip:
                let isEnd = verdict.followUp == .suppressOwner
                return enter(.uncertain, .conversationUnreadable, isEnd ? [.suppressRecipient(verdict.reason)] : [])
            // It is read again later, and keeps its state.
            case .retry, .verify, .refresh, .defer, .pause: return []
            }
        case (.verify, .absentEarly): return []
        case (.uncertain, .retried):
            maximumSends += 1
            return enter(.verify, .operatorDecision)
        default: return nil
        }
    }

    /// An answer was certainly not stored: it is tried again, unless its recipient takes no messages.
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
    /// The state of the jobs of a message in this state.
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
