import ATProtocol
import LedgerStorage
import Network

@testable import Notifier

extension RecipientStore {
    /// Lets a recipient hear nothing of their projects of this name; those that it is.
    @discardableResult
    func mute(_ name: String, of did: DID, until: UnixTime?, now: UnixTime) async throws(LedgerError) -> [KnownProject]
    {
        try await database.transaction(at: now) { transaction in
            let projects = try transaction.projects(of: did, called: name)
            try transaction.mute(projects, of: did, until: until)
            return projects
        }
    }

    /// Lets a recipient hear again of all their projects.
    func unmuteAll(of did: DID, now: UnixTime) async throws(LedgerError) {
        try await change(did, unmute: "all", now: now) { _ in }
    }
}
