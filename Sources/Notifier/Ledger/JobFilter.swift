public import ATProtocol
internal import GRDB
internal import LedgerStorage
public import Network

/// Selects jobs, and requests without a job, for an operator: those that meet all conditions that are set.
public struct JobFilter: Sendable, Equatable {
    /// Their state.
    public var state: JobState?
    /// The reason for their state.
    public var reason: Reason?
    /// Their recipient; a request without a job has none yet.
    public var owner: DID?
    /// The author of the request.
    public var author: DID?
    /// The name of the rule, which need not exist any more.
    public var rule: String?
    /// First seen at this time or later.
    public var since: UnixTime?
    /// First seen before this time.
    public var before: UnixTime?

    /// A filter that selects everything.
    public init() {}

    /// Whether it selects everything.
    public var isEmpty: Bool { self == JobFilter() }
}

extension JobFilter {
    /// The tables that are searched.
    enum Kind: Sendable, CaseIterable {
        /// Requests that are listed by themselves, because they have no job.
        case requests
        case jobs
    }

    /// Conditions on a job and its request.
    var jobConditions: [SQL] {
        var conditions = commonConditions
        if let state { conditions.append("job.state = \(state)") }
        if let reason { conditions.append("job.reason = \(reason)") }
        if let owner { conditions.append("job.owner = \(owner)") }
        if let author { conditions.append("job.author = \(author)") }
        return conditions
    }

    /// Conditions on a request without a job; nil when no such request can be selected.
    var requestConditions: [SQL]? {
        guard owner == nil else { return nil }
        var conditions = commonConditions
        conditions.append("is_shown")
        let isLookedUp: SQL = "request.state = \(RequestMachine.State.lookup)"
        switch state {
        case nil: break
        case .lookup:
            conditions.append(isLookedUp)
            conditions.append("(reason IS NULL OR reason NOT IN \(Reason.awaiting(.account)))")
        case .deferred:
            conditions.append(isLookedUp)
            conditions.append("wait_until IS NOT NULL AND reason IN \(Reason.awaiting(.account))")
        case .dropped: conditions.append("request.state = \(RequestMachine.State.dropped)")
        default: return nil
        }
        if let reason { conditions.append("request.reason = \(reason)") }
        if let author { conditions.append("request.author = \(author)") }
        return conditions
    }

    private var commonConditions: [SQL] {
        var conditions: [SQL] = []
        if let rule { conditions.append("request.rule = \(rule)") }
        if let since { conditions.append("request.created_at >= \(since)") }
        if let before { conditions.append("request.created_at < \(before)") }
        return conditions
    }
}
