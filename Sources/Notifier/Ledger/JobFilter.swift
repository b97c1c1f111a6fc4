public import ATProtocol
internal import GRDB
internal import LedgerStorage
public import Network

/// Which jobs, and requests that stand for themselves, an operator means: those of which all holds that is set.
public struct JobFilter: Sendable, Equatable {
    /// Where they stand.
    public var state: JobState?
    /// Why they stand there.
    public var reason: Reason?
    /// Whom they are for; a request without a job has no owner yet.
    public var owner: DID?
    /// Who wrote the request.
    public var author: DID?
    /// The name of the rule, which may be gone.
    public var rule: String?
    /// First seen at this time or later.
    public var since: UnixTime?
    /// First seen before this time.
    public var before: UnixTime?

    /// Everything is meant.
    public init() {}

    /// Whether everything is meant.
    public var isEmpty: Bool { self == JobFilter() }
}

extension JobFilter {
    /// The tables whose rows it is about.
    enum Kind: Sendable, CaseIterable {
        /// Requests that stand for themselves, for there is no job that tells of them.
        case requests
        case jobs
    }

    /// What must hold of a job beside its request.
    var jobConditions: [SQL] {
        var conditions = commonConditions
        if let state { conditions.append("job.state = \(state)") }
        if let reason { conditions.append("job.reason = \(reason)") }
        if let owner { conditions.append("job.owner = \(owner)") }
        if let author { conditions.append("job.author = \(author)") }
        return conditions
    }

    /// What must hold of a request that stands for itself; nil when none can be meant.
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
