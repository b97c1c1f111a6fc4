internal import ATProtocol
internal import Network
internal import Synchronization

/// The record that confirmed an index's claim.
struct Confirmation: Sendable, Equatable {
    /// The owner's record.
    let uri: ATURI
    let at: UnixTime

    /// How long an index is not asked again, unless the stream tells of a change.
    static let lifetime = Duration.seconds(86_400)

    /// Whether the index need not be asked again; a date in the future comes from a wrong clock, and does not count.
    func isFresh(at now: UnixTime) -> Bool { at <= now && now < at + Self.lifetime }
}

/// Remembers confirmations.
///
/// So an index is asked only once, may be down later, and cannot replace an owner unnoticed.
protocol Confirmations: Sendable {
    func confirmation(of reference: ProjectReference) async -> Confirmation?
    func remember(_ confirmation: Confirmation, of reference: ProjectReference) async
    /// Sets the age of what a record confirmed, without forgetting it.
    func date(_ uri: ATURI, to time: UnixTime) async
}

/// Remembers confirmations for its own lifetime, in addition to another memory.
final class PassingConfirmations: Confirmations {
    private let known = Mutex<[ProjectReference: Confirmation]>([:])
    private let elsewhere: (any Confirmations)?

    init(beside elsewhere: (any Confirmations)? = nil) { self.elsewhere = elsewhere }

    func confirmation(of reference: ProjectReference) async -> Confirmation? {
        if let confirmation = known.withLock({ $0[reference] }) { return confirmation }
        return await elsewhere?.confirmation(of: reference)
    }

    func remember(_ confirmation: Confirmation, of reference: ProjectReference) async {
        known.withLock { $0[reference] = confirmation }
    }

    func date(_ uri: ATURI, to time: UnixTime) async {
        known.withLock { known in
            known = known.mapValues { $0.uri == uri ? Confirmation(uri: uri, at: min($0.at, time)) : $0 }
        }
    }
}
