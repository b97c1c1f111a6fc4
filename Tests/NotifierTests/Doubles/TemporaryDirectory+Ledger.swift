import Sandbox

@testable import LedgerStorage
@testable import Notifier

extension TemporaryDirectory {
    /// The ledger in it, as a command opens it.
    func ledger() async throws(LedgerError) -> Ledger { try await Ledger.open(directory: path, access: .command) }
}
