internal import ATProtocol
internal import Synchronization

/// Repositories that no relay reaches, and what was written there meanwhile.
final class AbsentRepositories: Sendable {
    private let commits = Mutex<[DID: [CommittedRecord]]>([:])

    /// Keeps a commit back; false when its repository is reached.
    func withholds(_ commit: CommittedRecord) -> Bool { commits.withLock { $0[commit.did]?.append(commit) != nil } }

    func disconnect(_ did: DID) { commits.withLock { $0[did] = $0[did] ?? [] } }

    /// What was kept back, in order.
    func reconnect(_ did: DID) -> [CommittedRecord] { commits.withLock { $0.removeValue(forKey: did) ?? [] } }
}
