internal import ATProtocol
internal import Network
internal import Synchronization

/// Whose record confirmed what an index said.
struct Confirmation: Sendable, Equatable {
    /// The owner's record.
    let uri: ATURI
    let at: UnixTime

    /// An index is not asked again for so long, when the stream tells of no change.
    static let lifetime = Duration.seconds(86_400)

    /// Whether the index need not be asked again; what a clock that was ahead has dated is asked for anew.
    func isFresh(at now: UnixTime) -> Bool { at <= now && now < at + Self.lifetime }
}

/// Remembers confirmations, so that an index is asked once, may be away, and cannot put another account in an owner's place
/// unnoticed.
protocol Confirmations: Sendable {
    func confirmation(of reference: ProjectReference) async -> Confirmation?
    func remember(_ confirmation: Confirmation, of reference: ProjectReference) async
    /// Makes what a record confirmed as old as a time; it is not forgotten.
    func date(_ uri: ATURI, to time: UnixTime) async
}

/// Remembers them as long as it lives, beside what is remembered elsewhere.
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
