public import Network

/// Where a change request stands, as whoever wrote it may know it: nothing names a recipient or tells what they want.
///
/// Of several recipients it speaks of the one who was told, or is nearest to it.
public struct RequestStanding: Sendable, Equatable {
    /// Where it stands.
    public enum State: String, Sendable, CaseIterable {
        /// An owner was told.
        case told
        /// A message is under way.
        case sending
        /// An owner will be told, when what it waits for has come.
        case waiting
        /// It is not known yet who is to be told.
        case looking
        /// An owner may have been told.
        case unclear
        /// Nobody is told.
        case notTold = "not-told"
    }

    /// Where it stands.
    public let state: State
    /// Why.
    public let reason: RequesterReason
    /// How many people it concerns; nil while that is not known, and when nobody may know why they are not told.
    public let recipients: Int?
    /// How many of them were told.
    public let told: Int
    /// When it was first seen.
    public let seenAt: UnixTime
    /// When it last came to stand otherwise; nil when that would tell when somebody decided something.
    public let updatedAt: UnixTime?
    /// When it is tried again; nil when nothing is tried by itself, or when that hangs on the recipient.
    public let nextAt: UnixTime?
    /// When the wait for a follow ends; nil when it does not wait for one.
    public let waitsUntil: UnixTime?

    /// Where the jobs of one request, and the request beside them, stand; nil when there are none.
    init?(_ jobs: [Job], now: UnixTime) {
        // Who else hears of it is nobody's business but theirs, where there is an owner to speak of.
        let owners = jobs.filter { $0.role == .owner }
        let jobs = owners.isEmpty ? jobs : owners
        let standings = jobs.map { (job: $0, at: Self.standing(of: $0)) }
        func rank(_ at: (state: State, reason: RequesterReason)) -> Int {
            // What says more comes before what says nothing.
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
