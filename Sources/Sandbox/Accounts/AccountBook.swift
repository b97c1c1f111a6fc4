internal import ATProtocol
internal import Synchronization

/// The accounts of the PDS with what the other services know about them: state, follows, blocks.
final class AccountBook: Sendable {
    private struct State {
        var accounts: [DID: SandboxAccount] = [:]
        var statuses: [DID: String] = [:]
        /// Follower and followed; a later follow has a greater number.
        var follows: [[DID]: Int] = [:]
        var lastFollow = 0
        var blocks: Set<[DID]> = []
    }

    private let state = Mutex(State())

    func add(_ account: SandboxAccount) { state.withLock { $0.accounts[account.did] = account } }

    func account(_ did: DID) -> SandboxAccount? { state.withLock { $0.accounts[did] } }

    /// The account behind a DID or handle.
    func account(named identifier: String) -> SandboxAccount? {
        state.withLock { state in
            state.accounts.values.first {
                $0.did.text == identifier || $0.handle.normalized == identifier.lowercased()
            }
        }
    }

    var all: [SandboxAccount] {
        state.withLock { $0.accounts.values.sorted { $0.handle.text < $1.handle.text } }
    }

    /// `takendown`, `suspended`, `deactivated`, …; nil while the account is active.
    func status(of did: DID) -> String? { state.withLock { $0.statuses[did] } }

    func setStatus(_ status: String?, of did: DID) { state.withLock { $0.statuses[did] = status } }

    func follows(_ follower: DID, _ subject: DID) -> Bool {
        state.withLock { $0.follows[[follower, subject]] != nil }
    }

    func setFollow(_ follower: DID, _ subject: DID, _ isFollowing: Bool) {
        state.withLock { state in
            guard isFollowing != (state.follows[[follower, subject]] != nil) else { return }
            state.lastFollow += 1
            state.follows[[follower, subject]] = isFollowing ? state.lastFollow : nil
        }
    }

    /// The active accounts that follow one, the latest first, each with the number of its follow.
    func followers(of subject: DID) -> [(account: SandboxAccount, number: Int)] {
        state.withLock { state in
            state.follows.compactMap { pair, number in
                guard pair[1] == subject, state.statuses[pair[0]] == nil, let account = state.accounts[pair[0]] else {
                    return nil
                }
                return (account, number)
            }.sorted { $0.number > $1.number }
        }
    }

    func blocks(_ blocker: DID, _ subject: DID) -> Bool { state.withLock { $0.blocks.contains([blocker, subject]) } }

    func setBlock(_ blocker: DID, _ subject: DID, _ isBlocking: Bool) {
        state.withLock { state in
            if isBlocking { state.blocks.insert([blocker, subject]) } else { state.blocks.remove([blocker, subject]) }
        }
    }
}
