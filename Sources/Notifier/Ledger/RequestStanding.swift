public import Network

/// The standing of a change request, as far as its author may know: it names no recipient and reveals no preference.
///
/// With several recipients it is about the one who was told, or who is closest to that.
public struct RequestStanding: Sendable, Equatable {
    /// How far it has come.
    public enum State: String, Sendable, CaseIterable {
        /// An owner was told.
        case told
        /// A message is under way.
        case sending
        /// An owner will be told when what it waits for has happened.
        case waiting
        /// Its recipients are not known yet.
        case looking
        /// An owner may have been told.
        case unclear
        /// Nobody is told.
        case notTold = "not-told"
    }

    /// How far it has come.
    public let state: State
    /// Why it stands there.
    public let reason: RequesterReason
    /// How many people it concerns; nil when unknown, or when nobody may know why they are not told.
    public let recipients: Int?
    /// How many of them were told.
    public let told: Int
    /// When it was first seen.
    public let seenAt: UnixTime
    /// When its standing last changed; nil when that would reveal the time of somebody's decision.
    public let updatedAt: UnixTime?
    /// When it is next tried; nil when nothing happens by itself, or when that depends on the recipient.
    public let nextAt: UnixTime?
    /// When the wait for a follow ends; nil when it does not wait for one.
    public let waitsUntil: UnixTime?

    /// The standing from the jobs of one request, or from the request itself; nil when there are none.
    init?(_ jobs: [Job], now: UnixTime) {
        // When there is an owner, the other recipients are private.
        let owners = jobs.filter { $0.role == .owner }
        let jobs = owners.isEmpty ? jobs : owners
        let standings = jobs.map { (job: $0, at: Self.standing(of: $0)) }
        func rank(_ at: (state: State, reason: RequesterReason)) -> Int {
            // A reason that says something comes before one that does not.
            2 * (State.allCases.firstIndex(of: at.state) ?? 0) + (at.reason == .notTold ? 1 : 0)
        }
        guard let (job, best) = standings.min(by: { rank($0.at) < rank($1.at) }) else { return nil }
        state = best.state
        reason = best.reason
        told = standings.count { $0.at.state == .told }
        seenAt = jobs.map(\.createdAt).min() ?? job.createdAt
        guard best.reason != .notTold else {
            recipients = nil
            updatedAt = nil
            nextAt = nil
            waitsUntil = nil
            return
        }
        let count = jobs.count { $0.owner != nil }
        recipients = count > 0 ? count : nil
        updatedAt = job.updatedAt
        let isTried = !job.state.isFinal && job.reason?.waits == .time && job.reason != .waiting
        nextAt = isTried && job.dueAt > now && job.dueAt < .distantFuture ? job.dueAt : nil
        waitsUntil = best.reason == .followNeeded ? job.waitUntil : nil
    }

    private static func standing(of job: Job) -> (state: State, reason: RequesterReason) {
        let reason = job.reason?.forRequester
        switch job.state {
        case .delivered: return (.told, reason == .toldInPublic ? .toldInPublic : .told)
        case .sending, .verify, .posting: return (.sending, .sending)
        case .uncertain: return (.unclear, .unclear)
        case .dropped:
            let end = reason.flatMap { $0.isPending ? nil : $0 } ?? .notTold
            return end == .unclear ? (.unclear, end) : (.notTold, end)
        case .lookup, .queued, .deferred:
            let place: State = job.state == .lookup ? .looking : .waiting
            switch reason {
            case .notTold: return (.notTold, .notTold)
            case nil, .turn: return (place, place == .looking ? .lookup : .turn)
            case let reason?: return (place, reason)
            }
        }
    }
}
